// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/probe_talk.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/warehouse/probe_sample.h"

namespace sluice {
namespace {

class NotedSession final : public ServerSession {
 public:
  NotedSession(ProbeTalk& talk, std::unique_ptr<ServerSession> session)
      : talk_(talk), session_(std::move(session)) {}

  Status Run(std::string_view name, const std::string& sql) override {
    talk_.Note(sql);
    return session_->Run(name, sql);
  }
  Result<std::vector<TextRow>> Query(std::string_view name, const std::string& sql) override {
    talk_.Note(sql);
    return session_->Query(name, sql);
  }
  Result<std::vector<TextRow>> Transact(std::span<const SqlStatement> statements,
                                        const std::optional<std::string>& last) override {
    std::string all = "BEGIN";
    for (const SqlStatement& statement : statements) all += "; " + statement.sql;
    if (last) all += "; " + *last;
    talk_.Note(all + "; COMMIT");
    return session_->Transact(statements, last);
  }
  Status FillRows(const std::string& table, const std::vector<StagedColumn>& columns,
                  const std::vector<SqlRow>& rows) override {
    talk_.Note(fmt::format("COPY {}: {} rows", table, rows.size()));
    return session_->FillRows(table, columns, rows);
  }
  Status FillFiles(const std::string& table, const std::vector<StagedColumn>& columns,
                   std::span<const StagedFile> files) override {
    for (const StagedFile& file : files) {
      talk_.Note(fmt::format("COPY {}: {}", table, file.key));
    }
    return session_->FillFiles(table, columns, files);
  }
  Result<StagedFileFacts> FactsOf(const StagedFile& file) override {
    return session_->FactsOf(file);
  }

 private:
  ProbeTalk& talk_;
  const std::unique_ptr<ServerSession> session_;
};

}  // namespace

ProbeTalk::ProbeTalk(const ProbeTarget& target, std::string_view id)
    : target_(target),
      folder_(fmt::format("staging/probe_{}/", id)),
      names_{.pipeline = "probe",
             .schema = target.names.schema,
             .dialect = target.names.dialect,
             .prefix = fmt::format("sluice_probe_{}_", id)} {
  tables_.tables.push_back(SampleTable(names_.schema, names_.prefix + "events"));
  Table& all = tables_.tables.emplace_back(SampleTable(names_.schema, names_.prefix + "all"));
  all.unique.clear();
}

void ProbeTalk::EndAt(Deadline deadline, std::stop_token stop) {
  deadline_ = deadline;
  stop_ = std::move(stop);
}

const char* ProbeTalk::WhyEnded() const {
  if (stop_.stop_requested()) return "it was stopped";
  return deadline_.HasPassed(target_.clock) ? "ten minutes are over" : nullptr;
}

Result<std::unique_ptr<ServerSession>> ProbeTalk::Connect() {
  SLUICE_ASSIGN(auto session, target_.connector->Connect());
  return std::make_unique<NotedSession>(*this, std::move(session));
}

Result<std::string> ProbeTalk::Put(std::string_view name, std::string_view bytes) {
  std::string key = fmt::format("{}{}", folder_, name);
  SLUICE_ASSIGN(const auto object, target_.parquet.Create(key));
  SLUICE_TRY(object->Write(bytes));
  SLUICE_TRY(object->Commit());
  return key;
}

void ProbeTalk::Note(std::string statement) {
  const std::lock_guard lock(mutex_);
  statements_.push_back(std::move(statement));
}

std::vector<std::string> ProbeTalk::TakeStatements() {
  const std::lock_guard lock(mutex_);
  return std::exchange(statements_, {});
}

}  // namespace sluice
