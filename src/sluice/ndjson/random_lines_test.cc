// SPDX-License-Identifier: Apache-2.0
// Tables, writers and mistakes at random: both paths must agree about every line.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "sluice/ndjson/paths_for_test.h"

namespace sluice {
namespace {

constexpr size_t kKeys = 8;

class Dice {
 public:
  explicit Dice(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return random_() % n; }
  bool OneIn(size_t n) { return Below(n) == 0; }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  std::mt19937& random() { return random_; }

 private:
  std::mt19937 random_;
};

// Some fit a type plainly, some by conversion, some not at all, some are no JSON.
const std::vector<std::string> kValues{
    R"("x")",
    R"("")",
    R"("ends ")",
    R"("a \"b\" \\ \/")",
    R"("\u0041\ud83d\ude00")",
    R"("\ud83d")",
    R"("\u0000")",
    R"("\x")",
    "\"\xc3\xa9t\xc3\xa9\"",
    "\"\xff\"",
    R"("a text that is somewhat longer, of more than sixty-four bytes in all, and plain")",
    R"("2026-02-28")",
    R"("2026-02-30")",
    R"("2026-01-31 12:34:56.123456")",
    R"("2026-01-31 12:59:59.999999")",
    R"("2026-01-31 12:60:00.000000")",
    R"("2026-01-31T12:34:56Z")",
    R"("2026-01-31\u002012:34:56.123456")",
    "0",
    "-0",
    "7",
    "-32768",
    "32768",
    "2147483648",
    "123456789012345678",
    "12345678901234567890",
    "99999999999999999999999999999999999999",
    "0.1",
    "-12.50",
    "1e3",
    "9007199254740993",
    "01",
    "1.",
    "-",
    "true",
    "false",
    "null",
    "nul",
    "nullx",
    "{}",
    R"({"in":"x"})",
    R"([1,"x"])",
    "",
};

// What a writer sends mostly.
const std::vector<std::string> kUsualValues{R"("x")",
                                            R"("a \"b\" \\ \/")",
                                            R"("\u0041\ud83d\ude00")",
                                            "\"\xc3\xa9\"",
                                            R"("2026-01-31 12:34:56.123456")",
                                            "7",
                                            "1e3",
                                            "true",
                                            "null"};

ColumnType AnyType(Dice& dice) {
  const auto kind = dice.OneIn(2) ? TypeKind::kVarchar : static_cast<TypeKind>(dice.Below(13));
  switch (kind) {
    case TypeKind::kDecimal:
      return dice.OneIn(3) ? ColumnType{.kind = kind, .precision = 38, .scale = 2}
                           : ColumnType{.kind = kind, .precision = 18, .scale = 3};
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return {.kind = kind, .length = dice.OneIn(3) ? 3 : 200};
    case TypeKind::kSuper:
      return {.kind = kind, .length = 65'535};
    default:
      return {.kind = kind};
  }
}

std::string KeyOf(size_t number) {
  return number == kKeys - 1 ? std::string(40, 'k') : "k" + std::to_string(number);
}

Table AnyTable(Dice& dice, std::string name) {
  std::vector<Column> columns;
  const size_t count = 1 + dice.Below(6);
  for (size_t i = 0; i < count; ++i) {
    columns.push_back(MakeColumn("c" + std::to_string(i), AnyType(dice)));
    if (dice.OneIn(12)) columns.back().not_null = true;
    const TypeKind kind = columns.back().type.kind;
    if (dice.OneIn(4) && (kind == TypeKind::kVarchar || kind == TypeKind::kBigInt)) {
      columns.back().default_text = "7";
    }
  }
  Table table = MakeTable(std::move(name), columns);
  for (ColumnSource& source : table.sources) {
    source.path = {KeyOf(dice.Below(kKeys - 2))};
    if (dice.OneIn(10)) source.path.emplace_back("in");
    if (dice.OneIn(3)) source.epoch = EpochUnit::kMillis;
  }
  if (dice.OneIn(3) && columns[0].type.kind == TypeKind::kVarchar) table.unique = {0};
  if (dice.OneIn(2)) table.on_too_long = OnTooLong::kTruncate;
  if (!dice.OneIn(3)) table.on_bad_value = OnBadValue::kNull;
  if (dice.OneIn(6)) table.on_unknown_field = OnUnknownField::kQuarantine;
  if (dice.OneIn(4) && !columns.back().not_null) {
    table.schema.columns.back() = MakeColumn("rest", {.kind = TypeKind::kSuper, .length = 65'535});
    if (dice.OneIn(3)) table.schema.columns.back().default_text = "7";
    table.on_unknown_field = OnUnknownField::kCollect;
    table.collect = columns.size() - 1;
  }
  return table;
}

TableSet AnyTables(Dice& dice) {
  TableSet tables{.tables = {AnyTable(dice, "a"), AnyTable(dice, "b")}};
  const auto add = [&](Condition condition, std::optional<size_t> table) {
    tables.rules.push_back({.conditions = {std::move(condition)}, .table = table});
  };
  const auto key = [&] { return FieldPath{KeyOf(dice.Below(kKeys))}; };
  add({.kind = Condition::Kind::kEquals, .path = key(), .literal = "null"}, std::nullopt);
  add({.kind = Condition::Kind::kEquals, .path = key(), .literal = R"("x")"}, 1);
  add({.kind = Condition::Kind::kEquals, .path = key(), .literal = "7"}, 0);
  add({.kind = Condition::Kind::kHas, .path = key()}, dice.Below(2));
  if (!dice.OneIn(4)) tables.rules.push_back({.conditions = {}, .table = dice.Below(2)});
  return tables;
}

// Keys in one order, blanks of one kind, and the values that it usually sends.
struct Writer {
  explicit Writer(Dice& dice) {
    const auto blanks = [&] { return std::string(dice.OneIn(2) ? 0 : dice.Below(3), ' '); };
    open = blanks() + "{" + blanks();
    colon = blanks() + ":" + blanks();
    comma = blanks() + "," + blanks();
    close = blanks() + "}" + (dice.OneIn(4) ? "\r" : "");
    for (size_t i = 0; i < kKeys; ++i) {
      if (dice.OneIn(4)) continue;
      keys.push_back(KeyOf(i));
      usual.push_back(dice.Pick(kUsualValues));
    }
    std::ranges::shuffle(keys, dice.random());
  }

  std::string Line(Dice& dice) const {
    std::string line = open;
    for (size_t i = 0; i < keys.size(); ++i) {
      if (dice.OneIn(30)) continue;
      if (line.size() > open.size()) line += comma;
      const bool is_usual = !dice.OneIn(12);
      line += '"' + keys[i] + '"' + colon +
              (is_usual        ? usual[i]
               : dice.OneIn(3) ? "null"
                               : dice.Pick(kValues));
    }
    return line + close;
  }

  std::string open, colon, comma, close;
  std::vector<std::string> keys, usual;
};

std::string Damaged(Dice& dice, std::string line) {
  constexpr std::string_view kBytes{"\"\\{}[]:, aun0-.\x01\x7f\xc3\t\r\0/e", 24};
  const size_t at = dice.Below(line.size());
  const char byte = kBytes[dice.Below(kBytes.size())];
  const size_t colon = line.find(':', at);
  switch (dice.Below(5)) {
    case 0:
      line[at] = byte;
      break;
    case 1:
      line.insert(at, 1, byte);
      break;
    case 2:
      line.erase(at, 1 + dice.Below(4));
      break;
    case 3:
      if (colon != std::string::npos) {
        const size_t end = std::min(line.find_first_of(",}", colon), line.size());
        line.replace(colon + 1, end - colon - 1, dice.Below(3), ' ');
      }
      break;
    default:
      line.resize(at);
  }
  return line;
}

std::string AnyText(Dice& dice) {
  std::vector<Writer> writers;
  const size_t count = 1 + dice.Below(3);
  for (size_t i = 0; i < count; ++i) writers.emplace_back(dice);
  std::string text;
  for (size_t i = 0; i < 600; ++i) {
    const std::string line = dice.Pick(writers).Line(dice);
    text += (dice.OneIn(6) ? Damaged(dice, line) : line) + '\n';
  }
  if (dice.OneIn(2)) text.pop_back();
  return text;
}

TEST(RandomLinesTest, BothPathsAgree) {
  constexpr uint32_t kSeeds = 60;
  uint64_t fast_lines = 0;
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    Dice dice(seed);
    const TableSet tables = AnyTables(dice);
    const std::string text = AnyText(dice);
    if (!EventConverter::Make(tables)) continue;  // two columns contradict each other
    fast_lines += ExpectSameOnEveryPath(tables, text);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(fast_lines, kSeeds * 100);
}

}  // namespace
}  // namespace sluice
