// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/redshift_staging.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <tuple>

#include "sluice/base/json_text.h"
#include "sluice/base/unique_id.h"
#include "sluice/parquet/parquet_writer.h"
#include "sluice/warehouse/redshift_load_error.h"
#include "sluice/warehouse/sql_dialect.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

RowBatch BatchOf(const std::vector<SqlRow>& rows, size_t columns) {
  RowBatch batch;
  batch.rows = rows.size();
  batch.columns.resize(columns);
  for (const SqlRow& row : rows) {
    batch.lines.push_back(1);
    for (size_t i = 0; i < columns; ++i) {
      ColumnBatch& column = batch.columns[i];
      column.present.push_back(std::holds_alternative<std::monostate>(row[i]) ? 0 : 1);
      if (const auto* number = std::get_if<int64_t>(&row[i])) column.ints.push_back(*number);
      if (const auto* text = std::get_if<std::string>(&row[i])) column.texts.push_back(*text);
    }
  }
  return batch;
}

Result<std::string> ParquetOf(const std::vector<StagedColumn>& columns,
                              const std::vector<SqlRow>& rows) {
  std::vector<ParquetColumn> described;
  for (const StagedColumn& column : columns) {
    described.push_back({column.name, column.type, column.not_null});
  }
  StringSink sink;
  ParquetWriter writer(std::move(described), {}, sink);
  SLUICE_TRY(writer.Append(BatchOf(rows, columns.size())));
  SLUICE_TRY(writer.Finish({}));
  return sink.text();
}

}  // namespace

RedshiftStaging::RedshiftStaging(StagedStores stores, const std::vector<std::string>& roles,
                                 Clock& clock)
    : stores_(stores),
      folder_(fmt::format("staging/{}/", MakeUniqueId(clock.Now()))),
      roles_(fmt::format("{}", fmt::join(roles, ","))) {}

RedshiftStaging::~RedshiftStaging() {
  for (const std::string& key : made_) std::ignore = stores_.parquet->Remove(key);
}

Status RedshiftStaging::FillRows(SqlSession& session, const std::string& table,
                                 const std::vector<StagedColumn>& columns,
                                 const std::vector<SqlRow>& rows) {
  SLUICE_ASSIGN(const std::string copy, Rows(table, columns, rows));
  return session.Run("fill " + table, copy);
}

Status RedshiftStaging::FillFiles(SqlSession& session, const std::string& table,
                                  const std::vector<StagedColumn>& columns,
                                  std::span<const StagedFile> files) {
  SLUICE_ASSIGN(const std::string copy, Files(table, columns, files));
  const Status copied = session.Run("stage " + table, copy);
  if (copied) return {};
  std::vector<std::string> keys;
  for (const StagedFile& file : files) keys.push_back(file.key);
  return std::unexpected(ExplainCopy(session, copied.error(), keys));
}

Result<std::string> RedshiftStaging::Rows(const std::string& table,
                                          const std::vector<StagedColumn>& columns,
                                          const std::vector<SqlRow>& rows) {
  SLUICE_ASSIGN(const std::string bytes, ParquetOf(columns, rows));
  const std::string key = fmt::format("{}{}.parquet", folder_, table);
  SLUICE_TRY(Put(key, bytes));
  return Manifest(table, columns, {{stores_.parquet->uri() + key, bytes.size()}});
}

Result<std::string> RedshiftStaging::Files(const std::string& table,
                                           const std::vector<StagedColumn>& columns,
                                           std::span<const StagedFile> files) {
  std::vector<Entry> entries;
  std::set<std::string> urls;
  for (const StagedFile& file : files) {
    SLUICE_ASSIGN(const OpenStagedFile opened, OpenStaged(stores_, file, columns));
    entries.push_back({stores_.Of(file.store).uri() + file.key, opened.bytes->size().count});
    // COPY would load it twice.
    if (urls.insert(entries.back().url).second) continue;
    return Fail(ErrorKind::kPermanent, "cannot stage: a file is named twice: {}", file.key);
  }
  return Manifest(table, columns, entries);
}

Status RedshiftStaging::Put(const std::string& key, std::string_view bytes) {
  SLUICE_ASSIGN(const auto object, stores_.parquet->Create(key));
  SLUICE_TRY(object->Write(bytes));
  made_.push_back(key);
  SLUICE_TRY(object->Commit());
  return {};
}

// Amazon Redshift Database Developer Guide, "Using a manifest to specify data files": a file that
// is missing counts as none unless it is mandatory, and Parquet needs the length.
Result<std::string> RedshiftStaging::Manifest(const std::string& table,
                                              const std::vector<StagedColumn>& columns,
                                              const std::vector<Entry>& entries) {
  JsonText json;
  json.BeginObject().Key("entries").BeginArray();
  for (const Entry& entry : entries) {
    json.BeginObject().Key("url").Value(entry.url).Key("mandatory").Value(true);
    json.Key("meta").BeginObject().Key("content_length").Value(entry.size).EndObject().EndObject();
  }
  json.EndArray().EndObject();
  // A table may be filled by several.
  const std::string key = fmt::format("{}{}_{}.manifest", folder_, made_.size(), table);
  SLUICE_TRY(Put(key, json.text()));
  std::string names;
  for (const StagedColumn& column : columns) {
    names += (names.empty() ? "" : ", ") + QuoteIdentifier(column.name);
  }
  constexpr SqlDialect kRedshift(SqlDialect::Kind::kRedshift);
  return fmt::format("COPY {} ({}) FROM {} IAM_ROLE {} FORMAT AS PARQUET MANIFEST",
                     kRedshift.Temporary(table), names,
                     kRedshift.Literal(stores_.parquet->uri() + key), kRedshift.Literal(roles_));
}

}  // namespace sluice
