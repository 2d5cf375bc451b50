// SPDX-License-Identifier: Apache-2.0
// One line, read by us and by simdjson's DOM: both find it valid, or neither does, and a string
// has the same characters.
#include <simdjson.h>

#include <optional>
#include <set>

#include "sluice/base/utf8.h"
#include "sluice/ndjson/event_converter.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/seed_files.h"

namespace sluice {
namespace {

enum class Validity { kValid, kInvalid, kUnclear };

// What simdjson refuses for reasons of its own is unclear: numbers that its types cannot hold, lone
// surrogates, depth.
Validity ValidityOf(simdjson::error_code error, std::string_view line) {
  switch (error) {
    case simdjson::SUCCESS:
      return Validity::kValid;
    case simdjson::NUMBER_ERROR:
    case simdjson::DEPTH_ERROR:
      return Validity::kUnclear;
    case simdjson::STRING_ERROR:
      return line.find("\\u") == std::string_view::npos ? Validity::kInvalid : Validity::kUnclear;
    default:
      return Validity::kInvalid;
  }
}

TableSet OneText() {
  Table table;
  table.schema.name = "t";
  table.schema.columns.push_back(
      {.name = "v", .type = {.kind = TypeKind::kVarchar, .length = 65'535}});
  table.sources.push_back({.path = {"v"}});
  return {.tables = {table}, .rules = {{.conditions = {}, .table = 0}}};
}

struct OurReading {
  std::optional<FaultReason> fault;
  std::optional<std::string> value;
};

OurReading ReadByUs(std::string_view line) {
  static const TableSet tables = OneText();
  static const auto converter = std::move(EventConverter::Make(tables)).value();
  std::string text(line);
  text.append("\n").append(LineChunker::kPadding, '\0');
  ConversionCounts counts = converter->MakeCounts();
  ConvertedChunk out;
  converter->Convert({.text = std::string_view(text).substr(0, line.size() + 1)}, out, counts);
  SLUICE_CHECK(counts.lines == 1 && out.tables[0].rows + out.faults.size() == 1);
  if (!out.faults.empty()) return {out.faults[0].reason, {}};
  const ColumnBatch& column = out.tables[0].columns[0];
  if (column.present[0] == 0) return {};
  return {{}, std::string(column.texts[0])};
}

bool BreaksTheGrammar(FaultReason reason) {
  const std::set<FaultReason> of_grammar{FaultReason::kNotJson, FaultReason::kInvalidUtf8,
                                         FaultReason::kControlCharacter, FaultReason::kTooDeep};
  return of_grammar.contains(reason);
}

// The last member "v", as our converter takes it.
void CheckValue(const simdjson::dom::object& event, const OurReading& ours) {
  std::optional<simdjson::dom::element> value;
  for (const auto member : event) {
    if (member.key == "v") value = member.value;
  }
  if (!value || value->is_null()) {
    SLUICE_CHECK(!ours.fault && !ours.value);
  } else if (value->is_string()) {
    const std::string_view text = value->get_string().value_unsafe();
    if (text.find('\0') != std::string_view::npos) {
      SLUICE_CHECK(ours.fault == FaultReason::kNulCharacter);
    } else if (HasNoncharacter(text)) {
      SLUICE_CHECK(ours.fault == FaultReason::kNoncharacter);
    } else if (text.size() > 65'535) {
      SLUICE_CHECK(ours.fault == FaultReason::kTooLong);
    } else {
      SLUICE_CHECK(!ours.fault && ours.value == text);
    }
  }
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> lines;
  for (const std::string& text : GoldenSeeds("convert", "in.ndjson")) {
    const size_t second = text.find('\n') + 1;
    lines.push_back(text.substr(0, text.find('\n')));
    lines.push_back(text.substr(second, text.find('\n', second) - second));
  }
  return lines;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  std::string_view line = FuzzInput(data, size).Rest();
  line = line.substr(0, line.find('\n'));
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return 0;  // blank: no event
  const OurReading ours = ReadByUs(line);

  simdjson::dom::parser parser;
  const simdjson::padded_string padded(line);
  simdjson::dom::element root;
  const Validity validity = ValidityOf(parser.parse(padded).get(root), line);
  if (validity == Validity::kUnclear) return 0;
  if (validity == Validity::kInvalid) {
    SLUICE_CHECK(ours.fault && BreaksTheGrammar(*ours.fault));
    return 0;
  }
  if (ours.fault == FaultReason::kTooDeep) return 0;  // simdjson goes down to 1,024 levels
  SLUICE_CHECK(!ours.fault || !BreaksTheGrammar(*ours.fault));
  SLUICE_CHECK(root.is_object() == (ours.fault != FaultReason::kNotAnObject));
  if (!root.is_object() || ours.fault == FaultReason::kNotJsonMessage) return 0;
  CheckValue(root.get_object().value_unsafe(), ours);
  return 0;
}
