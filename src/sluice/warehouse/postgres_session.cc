// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/postgres_session.h"

#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "sluice/warehouse/pg_copy_rows.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {
namespace {

constexpr size_t kPiece = size_t{1} << 20;  // of rows on their way

std::string CopySql(std::string_view table, const std::vector<StagedColumn>& columns) {
  std::string names;
  for (const StagedColumn& column : columns) {
    names += (names.empty() ? "" : ", ") + QuoteIdentifier(column.name);
  }
  return fmt::format("COPY {} ({}) FROM STDIN (FORMAT BINARY)", QuoteIdentifier(table), names);
}

class PostgresSession final : public WireSession {
 public:
  PostgresSession(const WireOptions& options, StagedStores stores,
                  std::unique_ptr<PgConnection> connection)
      : WireSession(options, "BEGIN ISOLATION LEVEL REPEATABLE READ", std::move(connection)),
        stores_(stores) {}

  // A server can notice that its client is gone while a statement runs: since PostgreSQL 14, where
  // its system lets it. One that refuses notices it with its next answer.
  void WatchClient() {
    std::ignore = connection().Send("SET client_connection_check_interval TO '10s'");
  }

  Status FillRows(const std::string& table, const std::vector<StagedColumn>& columns,
                  const std::vector<SqlRow>& rows) override {
    return Copy("fill " + table, table, columns, [&]() -> Status {
      for (const SqlRow& row : rows) {
        AppendPgRow(row, buffer_);
        if (buffer_.size() >= kPiece) SLUICE_TRY(SendBuffer());
      }
      return {};
    });
  }

  Status FillFiles(const std::string& table, const std::vector<StagedColumn>& columns,
                   std::span<const StagedFile> files) override {
    return Copy("stage " + table, table, columns, [&]() -> Status {
      for (const StagedFile& file : files) SLUICE_TRY(CopyFile(file, columns));
      return {};
    });
  }

  Result<StagedFileFacts> FactsOf(const StagedFile& file) override {
    return FactsOfFile(stores_, file);
  }

 private:
  // Without its end the rows do not count, and the session is of no use any more.
  template <typename SendRows>
  Status CopyAll(const std::string& sql, SendRows&& send_rows) {
    SLUICE_TRY(connection().BeginCopy(sql));
    buffer_ = PgCopyHeader();
    SLUICE_TRY(send_rows());
    buffer_ += PgCopyTrailer();
    SLUICE_TRY(SendBuffer());
    return connection().EndCopy();
  }

  template <typename SendRows>
  Status Copy(const std::string& name, const std::string& table,
              const std::vector<StagedColumn>& columns, SendRows&& send_rows) {
    return FaultPlan::Run(options().faults, name, [&]() -> Status {
      const Status copied = CopyAll(CopySql(table, columns), send_rows);
      if (!copied) return std::unexpected(copied.error().During(name));
      return {};
    });
  }

  Status CopyFile(const StagedFile& file, const std::vector<StagedColumn>& columns) {
    SLUICE_ASSIGN(const OpenStagedFile opened, OpenStaged(stores_, file, columns));
    for (size_t group = 0; group < opened.reader.row_groups(); ++group) {
      const Status copied = CopyRowGroup(opened.reader, group, columns);
      if (!copied) {
        return Fail(copied.error().kind(), "{}: {}", copied.error().message(), file.key);
      }
    }
    return {};
  }

  Status CopyRowGroup(const ParquetReader& file, size_t group,
                      const std::vector<StagedColumn>& columns) {
    std::vector<ColumnType> types;
    std::vector<std::vector<std::string>> pages;  // what the batches' texts point into
    std::vector<ColumnBatch> batches;
    for (size_t i = 0; i < columns.size(); ++i) {
      types.push_back(columns[i].type);
      SLUICE_ASSIGN(ColumnValues values, file.Read(group, i));
      pages.push_back(std::move(values.pages));
      batches.push_back(std::move(values.batch));
    }
    AppendPgRows(types, batches, buffer_);
    return SendBuffer();
  }

  Status SendBuffer() {
    SLUICE_TRY(connection().CopyData(buffer_));
    buffer_.clear();
    return {};
  }

  const StagedStores stores_;
  std::string buffer_;
};

}  // namespace

Result<std::unique_ptr<ServerSession>> PostgresConnector::Connect() {
  SLUICE_ASSIGN(auto connection, OpenConnection(options_));
  auto session = std::make_unique<PostgresSession>(options_, stores_, std::move(connection));
  SLUICE_TRY(session->Begin("SET DateStyle TO 'ISO';"));
  session->WatchClient();
  return session;
}

}  // namespace sluice
