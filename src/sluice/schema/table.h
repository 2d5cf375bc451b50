// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

enum class TypeKind {
  kSmallInt,
  kInteger,
  kBigInt,
  kDecimal,  // precision 1–38, scale 0–precision
  kReal,
  kDouble,
  kBoolean,
  kChar,     // `length` BYTES, single-byte characters only
  kVarchar,  // `length` BYTES of UTF-8
  kDate,
  kTimestamp,    // without time zone; microseconds
  kTimestampTz,  // microseconds since the epoch, UTC
  kSuper,        // JSON text
};

// A column's type as Redshift has it (Amazon Redshift Database Developer Guide, "Data types").
struct ColumnType {
  TypeKind kind = TypeKind::kVarchar;
  int32_t length = 0;  // CHAR, VARCHAR, SUPER (65,535)
  int8_t precision = 0, scale = 0;

  friend bool operator==(const ColumnType&, const ColumnType&) = default;
};

// How the values of a type are held in a ColumnBatch.
enum class ValueKind { kInt64, kInt128, kDouble, kText };
// BOOLEAN 0/1, DATE days and TIMESTAMP(TZ) microseconds since 1970-01-01, DECIMAL to 18 digits its
// unscaled value: kInt64. DECIMAL above: kInt128. REAL and DOUBLE: kDouble. CHAR, VARCHAR, SUPER:
// kText.
ValueKind ValueKindOf(const ColumnType& type);

// "VARCHAR(36)", "DECIMAL(18,9)": canonical, the same for every spelling of a type.
std::string ToSql(const ColumnType& type);

struct Column {
  std::string name;
  ColumnType type;
  bool not_null = false;
  // Never taken from an event: the warehouse makes the value (IDENTITY, or a DEFAULT that is an
  // expression), or sluice does (kObjectColumn and kLineColumn).
  bool generated = false;
  // A literal DEFAULT, unquoted, for events in which the column is absent. "DEFAULT NULL" is no
  // default.
  std::optional<std::string> default_text;
  // "zstd": how Redshift compresses it, one of ENCODE's words; empty: it chooses.
  std::string encoding = {};
};

// The technical columns that end every Parquet object of the pipeline: the raw object's id (BIGINT)
// and the line in it (INTEGER). A table that declares them gets them too.
inline constexpr std::string_view kObjectColumn = "sluice_object";
inline constexpr std::string_view kLineColumn = "sluice_line";

// Where Redshift puts a table's rows, and in which order ("CREATE TABLE", table attributes). It
// changes no row, and no other warehouse has it.
struct TableLayout {
  enum class Distribution { kUnsaid, kAuto, kEven, kKey, kAll };
  enum class SortOrder { kUnsaid, kAuto, kCompound, kInterleaved };
  Distribution distribution = Distribution::kUnsaid;
  std::optional<size_t> distribution_key;  // a column; there exactly with kKey
  SortOrder sort_order = SortOrder::kUnsaid;
  std::vector<size_t> sort_key;  // columns; there exactly with kCompound and kInterleaved
  bool encode_auto = false;
};

// What a CREATE TABLE says. Lifetime: a plain value.
struct TableSchema {
  std::string schema;  // "tracking"; empty when the statement names none
  std::string name;    // "events"
  std::vector<Column> columns;
  TableLayout layout = {};

  std::optional<size_t> IndexOf(std::string_view column) const;
};

// The statement in one canonical spelling: names, types, NOT NULL, DEFAULT, generated. Keys,
// encodings and table attributes are left out, because they change no row.
std::string CanonicalDdl(const TableSchema& schema);

// Where in an event something stands: the keys from the outside in, compared unescaped and exactly.
using FieldPath = std::vector<std::string>;

enum class EpochUnit { kSeconds, kMillis, kMicros };

// Where a column's value comes from. By default the top-level key with the column's name.
struct ColumnSource {
  FieldPath path;
  std::optional<EpochUnit>
      epoch;  // timestamps only: numbers are accepted and count this since 1970-01-01
};

enum class OnTooLong { kQuarantine, kTruncate };
enum class OnBadValue { kQuarantine, kNull };
enum class OnUnknownField { kIgnore, kQuarantine, kCollect };

// A target table: its DDL and how events become its rows.
struct Table {
  TableSchema schema;
  std::vector<ColumnSource> sources;  // one for each of schema.columns; of a generated one: its
                                      // key, which must not be sent
  std::vector<size_t> unique;         // columns, all NOT NULL; empty means duplicates are allowed
  std::optional<size_t> time;         // a NOT NULL TIMESTAMP or TIMESTAMPTZ column
  OnTooLong on_too_long = OnTooLong::kQuarantine;
  OnBadValue on_bad_value = OnBadValue::kQuarantine;
  OnUnknownField on_unknown_field = OnUnknownField::kIgnore;
  std::optional<size_t>
      collect;  // the SUPER or VARCHAR column that kCollect fills with {"key":value,…}

  // "events": names Parquet folders, ledger rows and log lines. Unique in a TableSet.
  const std::string& name() const { return schema.name; }
};

// One condition on an event. kHas: the key is present, null included. kEquals: present and equal to
// `literal`, which is JSON text: strings by their unescaped characters, numbers, true, false and
// null by their text.
struct Condition {
  enum class Kind { kAny, kHas, kEquals };
  Kind kind = Kind::kAny;
  FieldPath path;
  std::string literal;
};

// First match wins. All conditions must hold. No table: the event is dropped, and counted.
struct RoutingRule {
  std::vector<Condition> conditions;
  std::optional<size_t> table;
};

// The vocabulary that every stage shares. Immutable once built; shared by threads.
struct TableSet {
  std::vector<Table> tables;
  std::vector<RoutingRule> rules;
};

// The DDL, routing and conversion options in one canonical spelling (JSON): what a revision is a
// hash of, with the writer's version. Every field of a TableSet that could change a row changes it.
std::string CanonicalText(const TableSet& tables);
// What makes two of its events the same, in one line: `"id", "at"` of `unique: [id]` and `time:
// at`,
// `"id"` without a time; empty without a key.
std::string KeyText(const Table& table);
inline constexpr std::string_view kKeyInMetadata = "sluice.key";  // of its Parquet files

}  // namespace sluice
