// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/parquet_test_table.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <limits>
#include <random>

namespace sluice {
namespace {

template <typename T>
void Move(std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

ParquetColumn Col(std::string name, ColumnType type, bool not_null) {
  return {std::move(name), type, not_null};
}

std::vector<ParquetColumn> EveryColumn() {
  const std::vector<ColumnType> types = {{.kind = TypeKind::kSmallInt},
                                         {.kind = TypeKind::kInteger},
                                         {.kind = TypeKind::kBigInt},
                                         {.kind = TypeKind::kDecimal, .precision = 18, .scale = 9},
                                         {.kind = TypeKind::kDecimal, .precision = 19, .scale = 0},
                                         {.kind = TypeKind::kDecimal, .precision = 38, .scale = 38},
                                         {.kind = TypeKind::kReal},
                                         {.kind = TypeKind::kDouble},
                                         {.kind = TypeKind::kBoolean},
                                         {.kind = TypeKind::kChar, .length = 36},
                                         {.kind = TypeKind::kVarchar, .length = 65'535},
                                         {.kind = TypeKind::kDate},
                                         {.kind = TypeKind::kTimestamp},
                                         {.kind = TypeKind::kTimestampTz},
                                         {.kind = TypeKind::kSuper, .length = 65'535}};
  std::vector<ParquetColumn> columns;
  for (size_t i = 0; i < types.size(); ++i) {
    columns.push_back(Col("optional" + std::to_string(i), types[i], false));
    columns.push_back(Col("required" + std::to_string(i), types[i], true));
  }
  return columns;
}

Int128 MostDecimal(int precision) {
  Int128 power = 1;
  for (int i = 0; i < precision; ++i) power *= 10;
  return power - 1;
}

int64_t MostInt(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::kSmallInt:
      return std::numeric_limits<int16_t>::max();
    case TypeKind::kInteger:
      return std::numeric_limits<int32_t>::max();
    case TypeKind::kDecimal:
      return static_cast<int64_t>(MostDecimal(type.precision));
    case TypeKind::kBoolean:
      return 1;
    case TypeKind::kDate:
      return 2'932'896;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return 253'402'300'799'999'999;
    default:
      return std::numeric_limits<int64_t>::max();
  }
}

int64_t SomeInt(const ColumnType& type, std::mt19937_64& random) {
  const int64_t most = MostInt(type);
  if (type.kind == TypeKind::kBoolean) return static_cast<int64_t>(random() % 2);
  switch (random() % 8) {
    case 0:
      return most;
    case 1:
      return -most - (type.kind == TypeKind::kBigInt ? 1 : 0);
    case 2:
      return 0;
    default:
      return static_cast<int64_t>(random() % 2000) - 1000;
  }
}

void AddSome(ParquetTestTable& table, size_t column, std::mt19937_64& random) {
  const ColumnType& type = table.columns()[column].type;
  switch (ValueKindOf(type)) {
    case ValueKind::kInt64:
      return table.Add(column, SomeInt(type, random));
    case ValueKind::kInt128: {
      const Int128 most = MostDecimal(type.precision);
      const Int128 some = static_cast<Int128>(random()) * static_cast<int64_t>(random() % 1000);
      const Int128 values[] = {most, -most, 0, -1, some % most, -(some % most)};
      return table.Add(column, values[random() % 6]);
    }
    case ValueKind::kDouble: {
      const double values[] = {0.0, -0.0, FLT_MAX, -FLT_MAX, FLT_TRUE_MIN, 1.5, -2.25};
      return table.Add(column, values[random() % 7]);
    }
    case ValueKind::kText: {
      std::string text;
      for (size_t n = random() % 40; n > 0; --n) text += static_cast<char>('a' + random() % 3);
      if (random() % 10 == 0) text = "\xc3\xa9\xf0\x9f\x98\x80";
      return table.Add(column, text);
    }
  }
}

}  // namespace

ParquetTestTable::ParquetTestTable(std::vector<ParquetColumn> columns)
    : columns_(std::move(columns)) {
  all_.columns.resize(columns_.size());
}

ParquetTestTable ParquetTestTable::EveryType(size_t rows, unsigned seed) {
  ParquetTestTable table(EveryColumn());
  std::mt19937_64 random(seed);
  for (size_t column = 0; column < table.columns().size(); ++column) {
    for (size_t row = 0; row < rows; ++row) {
      if (!table.columns()[column].not_null && random() % 4 == 0) {
        table.AddNull(column);
      } else {
        AddSome(table, column, random);
      }
    }
  }
  return table;
}

ParquetTestTable ParquetTestTable::Shapes(size_t rows, unsigned seed) {
  const ColumnType text{.kind = TypeKind::kVarchar, .length = 65'535};
  const ColumnType integer{.kind = TypeKind::kInteger};
  ParquetTestTable table({Col("few", text, false), Col("unique", text, true),
                          Col("later_unique", text, false), Col("long", text, false),
                          Col("null", text, false), Col("number", integer, false),
                          Col("sparse", integer, false), Col("runs", text, true)});
  std::mt19937_64 random(seed);
  for (size_t row = 0; row < rows; ++row) {
    table.Add(0, "few " + std::to_string(random() % 7));
    table.Add(1, "unique " + std::to_string(random()));
    if (random() % 10 == 0) {
      table.AddNull(2);
    } else {
      table.Add(2, std::to_string(row < rows / 2 ? random() % 5 : random()));
    }
    if (random() % 3 == 0) {
      table.AddNull(3);
    } else {
      table.Add(3, std::string(random() % 50 == 0 ? random() % 5000 : random() % 20, 'x'));
    }
    table.AddNull(4);
    table.Add(5, static_cast<int64_t>(random() % 9000));
    if (random() % 50 == 0) {
      table.Add(6, static_cast<int64_t>(random() % 1000));
    } else {
      table.AddNull(6);
    }
    table.Add(7, std::to_string(row / 100 % 3));
  }
  return table;
}

void ParquetTestTable::Add(size_t column, int64_t value) {
  all_.columns[column].present.push_back(1);
  all_.columns[column].ints.push_back(value);
}

void ParquetTestTable::Add(size_t column, Int128 value) {
  all_.columns[column].present.push_back(1);
  all_.columns[column].wide_ints.push_back(value);
}

void ParquetTestTable::Add(size_t column, double value) {
  all_.columns[column].present.push_back(1);
  all_.columns[column].doubles.push_back(value);
}

void ParquetTestTable::Add(size_t column, std::string value) {
  all_.columns[column].present.push_back(1);
  texts_.push_back(std::make_unique<std::string>(std::move(value)));
  all_.columns[column].texts.push_back(*texts_.back());
}

RowBatch ParquetTestTable::Rows(size_t begin, size_t count) const {
  RowBatch batch;
  batch.rows = count;
  for (const ColumnBatch& all : all_.columns) {
    ColumnBatch& part = batch.columns.emplace_back();
    const auto from = all.present.begin() + static_cast<ptrdiff_t>(begin);
    part.present.assign(from, from + static_cast<ptrdiff_t>(count));
    const auto value = std::count(all.present.begin(), from, 1);
    const auto values = std::count(part.present.begin(), part.present.end(), 1);
    const auto take = [&](const auto& source, auto& target) {
      if (source.empty()) return;
      target.assign(source.begin() + value, source.begin() + value + values);
    };
    take(all.ints, part.ints);
    take(all.wide_ints, part.wide_ints);
    take(all.doubles, part.doubles);
    take(all.texts, part.texts);
  }
  for (size_t i = 0; i < count; ++i) batch.lines.push_back(static_cast<int32_t>(begin + i + 1));
  return batch;
}

std::string ParquetTestTable::Write(const ParquetWriterOptions& options, size_t batch_rows,
                                    ParquetFileInfo* info) const {
  StringSink sink;
  ParquetWriter writer(columns_, options, sink);
  for (size_t row = 0; row < rows(); row += batch_rows) {
    EXPECT_TRUE(writer.Append(Rows(row, std::min(batch_rows, rows() - row))));
  }
  EXPECT_EQ(writer.rows(), rows());
  const Result<ParquetFileInfo> written = writer.Finish({{"object", "a/b"}, {"empty", ""}});
  EXPECT_TRUE(written);
  if (info != nullptr) *info = *written;
  return sink.text();
}

Result<ColumnBatch> ReadColumn(const ParquetReader& reader, size_t column,
                               std::vector<ColumnValues>& memory) {
  ColumnBatch all;
  for (size_t group = 0; group < reader.row_groups(); ++group) {
    SLUICE_ASSIGN(ColumnValues part, reader.Read(group, column));
    Move(part.batch.present, all.present);
    Move(part.batch.ints, all.ints);
    Move(part.batch.wide_ints, all.wide_ints);
    Move(part.batch.doubles, all.doubles);
    Move(part.batch.texts, all.texts);
    memory.push_back(std::move(part));
  }
  return all;
}

}  // namespace sluice
