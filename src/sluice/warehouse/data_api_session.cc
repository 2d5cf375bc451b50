// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/data_api_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/base/unique_id.h"
#include "sluice/base/utf8.h"
#include "sluice/warehouse/redshift_staging.h"
#include "sluice/warehouse/redshift_words.h"

namespace sluice {
namespace {

// What the service says of a statement that failed: the server's words, without a code.
Error ErrorOf(const DataApiStatement& statement) {
  // Cancelled by us, or by somebody.
  const auto otherwise =
      statement.status == "ABORTED" ? ErrorKind::kTransient : ErrorKind::kPermanent;
  return Error(KindOfRedshiftWords(statement.error).value_or(otherwise),
               fmt::format("status={}: {}", statement.status,
                           InOnePiece(std::string(Utf8Prefix(statement.error, 500)))));
}

class DataApiSession final : public ServerSession {
  using Session = DataApiClient::Session;

 public:
  DataApiSession(const DataApiOptions& options, Clock& clock)
      : options_(options),
        clock_(clock),
        client_(options.client, options.target, clock),
        staging_(options.stores, options.copy_role, clock) {}

  Status Run(std::string_view name, const std::string& sql) override {
    return FaultPlan::Run(options_.faults, name, [&]() -> Status {
      const auto done = Execute(sql);
      if (!done) return std::unexpected(done.error().During(name));
      return {};
    });
  }

  // Reads are no operations that a fault plan would strike at, and need no session before there is
  // something temporary.
  Result<std::vector<TextRow>> Query(std::string_view name, const std::string& sql) override {
    Result<DataApiStatement> done = ExecuteOne(sql);
    if (!done) return std::unexpected(WithoutUnknown(done.error()).During(name));
    if (!done->has_result) return std::vector<TextRow>();
    auto rows = client_.Rows(done->id);
    if (!rows) return std::unexpected(WithoutUnknown(rows.error()).During(name));
    return rows;
  }

  Result<std::vector<TextRow>> Transact(std::span<const SqlStatement> statements,
                                        const std::optional<std::string>& last) override {
    return FaultPlan::Run(options_.faults, "commit", [&] { return Batch(statements, last); });
  }

  Status FillRows(const std::string& table, const std::vector<StagedColumn>& columns,
                  const std::vector<SqlRow>& rows) override {
    return staging_.FillRows(*this, table, columns, rows);
  }

  Status FillFiles(const std::string& table, const std::vector<StagedColumn>& columns,
                   std::span<const StagedFile> files) override {
    return staging_.FillFiles(*this, table, columns, files);
  }

  Result<StagedFileFacts> FactsOf(const StagedFile& file) override {
    return FactsOfFile(options_.stores, file);
  }

 private:
  Result<DataApiStatement> Execute(const std::string& sql) {
    SLUICE_TRY(BeginSession());
    return ExecuteOne(sql);
  }

  Status BeginSession() {
    if (std::exchange(session_, Session::kKeep) == Session::kKeep) return {};
    SLUICE_TRY(ExecuteOne("SET timezone TO 'UTC'"));
    SLUICE_TRY(ExecuteOne("SET query_group TO 'sluice'"));
    return {};
  }

  Result<DataApiStatement> ExecuteOne(const std::string& sql) {
    SLUICE_ASSIGN(const std::string id,
                  client_.Submit({&sql, 1}, MakeUniqueId(clock_.Now()), session_));
    SLUICE_ASSIGN(const auto ended, Ended(id, options_.copy_timeout));
    if (!ended) {
      std::ignore = client_.Cancel(id);
      return Fail(ErrorKind::kOutcomeUnknown, "no answer in time: statement={}", id);
    }
    if (ended->status != "FINISHED") return std::unexpected(ErrorOf(*ended));
    return *ended;
  }

  Result<std::optional<DataApiStatement>> Ended(const std::string& id,
                                                std::chrono::milliseconds timeout) {
    return client_.Wait(id, clock_.Monotonic() + timeout, options_.stop);
  }

  Result<std::vector<TextRow>> Batch(std::span<const SqlStatement> statements,
                                     const std::optional<std::string>& last) {
    SLUICE_TRY(BeginSession());
    std::vector<std::string> sql;
    for (const SqlStatement& statement : statements) sql.push_back(statement.sql);
    if (last) sql.push_back(*last);
    // Each staging has a session of its own, and the ledger is asked before there is another: so
    // one token for each attempt (fault C23).
    SLUICE_ASSIGN(const std::string id, client_.Submit(sql, MakeUniqueId(clock_.Now()), session_));
    const auto ended = Ended(id, options_.batch_timeout);
    // From here on it may be done, whatever goes wrong.
    if (!ended) return Unknown(id, ended.error().message());
    if (!*ended) {
      std::ignore = client_.Cancel(id);
      return Unknown(id, "no answer in time");
    }
    if ((*ended)->status != "FINISHED") return std::unexpected(FailedBatch(**ended, statements));
    if (!last) return std::vector<TextRow>();
    if ((*ended)->parts.empty()) return Unknown(id, "an answer without the batch's statements");
    const auto rows = client_.Rows((*ended)->parts.back().id);
    if (!rows) return Unknown(id, rows.error().message());
    return rows;
  }

  static std::unexpected<Error> Unknown(const std::string& id, std::string_view why) {
    return Fail(ErrorKind::kOutcomeUnknown, "{}: statement={}", why, id);
  }

  // A statement of it that failed ended the transaction. Without one it is not known what did, and
  // an engine was seen that says ABORTED of what it has done (fault C4).
  static Error FailedBatch(const DataApiStatement& batch,
                           std::span<const SqlStatement> statements) {
    const auto failed = std::ranges::find(batch.parts, "FAILED", &DataApiStatement::status);
    const size_t index = static_cast<size_t>(failed - batch.parts.begin());
    if (failed == batch.parts.end() || failed->error.empty()) {
      return Error(ErrorKind::kOutcomeUnknown,
                   fmt::format("the batch is {}: {}", batch.status, Utf8Prefix(batch.error, 500)));
    }
    if (index >= statements.size()) return ErrorOf(*failed);
    const SqlStatement& statement = statements[index];
    if (statement.assertion && IsDivisionByZero(failed->error)) {
      return Error(statement.assertion->failure,
                   fmt::format("{}: {}", statement.name, statement.assertion->sentence));
    }
    return ErrorOf(*failed).During(statement.name);
  }

  const DataApiOptions& options_;
  Clock& clock_;
  DataApiClient client_;
  RedshiftStaging staging_;
  Session session_ = Session::kNone;
};

}  // namespace

Result<std::unique_ptr<ServerSession>> DataApiConnector::Connect() {
  return std::make_unique<DataApiSession>(options_, clock_);
}

}  // namespace sluice
