// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/parquet_search.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "sluice/parquet/parquet_reader.h"

namespace sluice {
namespace {

// An object open for reading.
struct OpenObject {
  std::unique_ptr<RandomAccess> file;  // the reader's
  ParquetReader reader;

  static Result<OpenObject> Open(ObjectStore& store, const std::string& key) {
    SLUICE_ASSIGN(auto file, store.OpenRandom(key));
    SLUICE_ASSIGN(ParquetReader reader, ParquetReader::Open(*file));
    return OpenObject{std::move(file), std::move(reader)};
  }

  Result<size_t> ColumnNamed(std::string_view name) const {
    const auto& columns = reader.columns();
    const auto found = std::ranges::find(columns, name, &ParquetColumn::name);
    if (found != columns.end()) return static_cast<size_t>(found - columns.begin());
    return Fail(ErrorKind::kBadData, "the Parquet object has no column {}", name);
  }
};

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '~' || c == '|') {
      escaped += c == '~' ? "~0" : "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

bool IsInteger(const ColumnType& type) {
  return type.kind == TypeKind::kSmallInt || type.kind == TypeKind::kInteger ||
         type.kind == TypeKind::kBigInt;
}

// Of a column of text or integers without NULLs, row by row.
Result<std::vector<std::string>> TextsOf(const ColumnType& type, const ColumnBatch& batch) {
  std::vector<std::string> texts;
  if (ValueKindOf(type) == ValueKind::kText) {
    texts.assign(batch.texts.begin(), batch.texts.end());
  } else if (IsInteger(type)) {
    for (const int64_t value : batch.ints) texts.push_back(std::to_string(value));
  } else {
    return Fail(ErrorKind::kPermanent, "Parquet objects are searched by text and integers only");
  }
  return texts;
}

}  // namespace

bool CanSearchKeys(const Table& table) {
  return std::ranges::all_of(table.unique, [&](size_t column) {
    const ColumnType& type = table.schema.columns[column].type;
    return ValueKindOf(type) == ValueKind::kText || IsInteger(type);
  });
}

Result<std::vector<int64_t>> LinesWithKey(ObjectStore& parquet, const std::string& object,
                                          const Table& table, const std::string& key) {
  SLUICE_ASSIGN(const OpenObject open, OpenObject::Open(parquet, object));
  SLUICE_ASSIGN(const size_t line_column, open.ColumnNamed(kLineColumn));
  std::vector<int64_t> lines;
  for (size_t group = 0; group < open.reader.row_groups(); ++group) {
    const size_t rows = open.reader.rows_in(group);
    std::vector<std::string> keys(rows);
    for (const size_t column : table.unique) {
      const Column& unique = table.schema.columns[column];
      SLUICE_ASSIGN(const size_t place, open.ColumnNamed(unique.name));
      SLUICE_ASSIGN(const ColumnValues values, open.reader.Read(group, place));
      SLUICE_ASSIGN(const std::vector<std::string> texts, TextsOf(unique.type, values.batch));
      if (texts.size() != rows) return Fail(ErrorKind::kBadData, "a key in the object is NULL");
      for (size_t row = 0; row < rows; ++row) {
        if (table.unique.size() == 1) {
          keys[row] = texts[row];
        } else {
          keys[row] += (column == table.unique[0] ? "" : "|") + Escaped(texts[row]);
        }
      }
    }
    if (std::ranges::find(keys, key) == keys.end()) continue;
    SLUICE_ASSIGN(const ColumnValues numbers, open.reader.Read(group, line_column));
    if (numbers.batch.ints.size() != rows) {
      return Fail(ErrorKind::kBadData, "a line in the object is NULL");
    }
    for (size_t row = 0; row < rows; ++row) {
      if (keys[row] == key) lines.push_back(numbers.batch.ints[row]);
    }
  }
  return lines;
}

Result<uint64_t> CountInHours(ObjectStore& parquet, const std::string& object, const Table& table,
                              const EventHours& hours) {
  SLUICE_ASSIGN(const OpenObject open, OpenObject::Open(parquet, object));
  SLUICE_ASSIGN(const size_t place, open.ColumnNamed(table.schema.columns[*table.time].name));
  const int64_t from = hours.from.time_since_epoch().count();
  const int64_t to = hours.to.time_since_epoch().count();
  uint64_t count = 0;
  for (size_t group = 0; group < open.reader.row_groups(); ++group) {
    SLUICE_ASSIGN(const ColumnValues values, open.reader.Read(group, place));
    count += static_cast<uint64_t>(std::ranges::count_if(
        values.batch.ints, [&](int64_t time) { return time >= from && time < to; }));
  }
  return count;
}

}  // namespace sluice
