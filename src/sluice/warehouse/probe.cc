// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/probe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <utility>

#include "sluice/base/unique_id.h"
#include "sluice/schema/identifier.h"
#include "sluice/warehouse/probe_asks.h"
#include "sluice/warehouse/probe_questions.h"
#include "sluice/warehouse/probe_talk.h"

namespace sluice {
namespace {

constexpr std::chrono::minutes kLongest{10};

// 256 rows in one statement.
std::string FillNumbersSql(const std::string& table) {
  std::string values;
  for (int n = 0; n < 256; ++n) values += fmt::format("{}({})", n == 0 ? "" : ", ", n);
  return fmt::format("INSERT INTO {} VALUES {}", table, values);
}

}  // namespace

std::string_view Name(ProbeVerdict verdict) {
  switch (verdict) {
    case ProbeVerdict::kAsExpected:
      return "as expected";
    case ProbeVerdict::kHarmless:
      return "different: harmless";
    case ProbeVerdict::kDoNotLoad:
      return "different: do not load";
    case ProbeVerdict::kNotFoundOut:
      return "not found out";
    case ProbeVerdict::kLeftOut:
      return "left out";
  }
  return "";
}

class Probe::Impl {
 public:
  explicit Impl(ProbeTarget target)
      : target_(std::move(target)),
        talk_(target_, FoldIdentifier(MakeUniqueId(target_.clock.Now()))) {}

  Status LookAround() {
    SLUICE_ASSIGN(const auto session, target_.connector->Connect());
    SLUICE_ASSIGN(const std::vector<TextRow> rows,
                  session->Query("look for schema",
                                 fmt::format("SELECT nspname FROM pg_namespace WHERE nspname = {}",
                                             dialect().Literal(target_.names.schema))));
    has_schema_ = !rows.empty();
    return {};
  }

  std::vector<std::string> Makes() const {
    std::vector<std::string> made;
    if (!has_schema_) made.push_back(fmt::format("schema {}", Schema()));
    for (const std::string& table : Tables()) made.push_back("table " + table);
    made.push_back(fmt::format("objects below {}staging/", target_.parquet.uri()));
    made.push_back("temporary tables");
    return made;
  }

  Result<ProbeReport> Run(const std::stop_token& stop,
                          const std::function<void(size_t, std::string_view)>& begins) {
    talk_.EndAt(Deadline::After(target_.clock, kLongest), stop);
    ProbeReport report;
    if (const Status made = Make(); !made) {
      const std::vector<std::string> left = Remove();
      return Fail(made.error().kind(),
                  "cannot make the tables of the probe: {}{}{}: it takes the right to make tables "
                  "in schema {}, for as long as it runs",
                  made.error().message(),
                  left.empty() ? "" : "; left behind: ", fmt::join(left, "; "), Schema());
    }
    talk_.TakeStatements();
    for (const ProbeQuestion& question : ProbeQuestions()) {
      begins(report.answers.size(), question.name);
      report.answers.push_back(Ask(question, talk_.WhyEnded()));
    }
    report.left_behind = Remove();
    return report;
  }

 private:
  const SqlDialect& dialect() const { return target_.names.dialect; }
  std::string Schema() const { return dialect().Schema(target_.names.schema); }

  std::vector<std::string> Tables() const {
    std::vector<std::string> tables = {talk_.rows(), talk_.more(), talk_.numbers()};
    for (const auto& [schema, table] : NeededTables(talk_.tables(), talk_.names())) {
      tables.push_back(dialect().Permanent(schema, table));
    }
    return tables;
  }

  Status Make() {
    SLUICE_ASSIGN(const auto session, target_.connector->Connect());
    // Who may make tables in a schema may still not make schemas, not even one that is there.
    for (const std::string& sql : PrepareTablesSql(talk_.tables(), talk_.names())) {
      if (has_schema_ && sql.starts_with("CREATE SCHEMA ")) continue;
      SLUICE_TRY(session->Run("make", sql));
    }
    for (const std::string& table : {talk_.rows(), talk_.more()}) {
      SLUICE_TRY(session->Run(
          "make", fmt::format("CREATE TABLE {} (id BIGINT NOT NULL, text VARCHAR(16))", table)));
    }
    SLUICE_TRY(
        session->Run("make", fmt::format("CREATE TABLE {} (n INTEGER NOT NULL)", talk_.numbers())));
    SLUICE_TRY(session->Run("make", FillNumbersSql(talk_.numbers())));
    std::vector<SqlStatement> rows;
    for (std::string& sql : TakeTableLockSql(talk_.names())) rows.push_back({"make", sql});
    for (std::string& sql : PrepareRowsSql(talk_.names())) rows.push_back({"make", sql});
    SLUICE_TRY(session->Transact(rows, std::nullopt));
    return {};
  }

  // Answers what cannot be removed.
  std::vector<std::string> Remove() {
    std::vector<std::string> left;
    for (const std::string& key : target_.parquet.there()) {
      if (const Status removed = target_.parquet.Remove(key); !removed) {
        left.push_back(
            fmt::format("{}{}: {}", target_.parquet.uri(), key, removed.error().message()));
      }
    }
    auto session = target_.connector->Connect();
    const auto run = [&](const std::string& sql) -> Status {
      if (!session) return std::unexpected(session.error());
      return (*session)->Run("drop", sql);
    };
    const auto drop = [&](std::string_view kind, std::string_view what, const std::string& name) {
      const std::string sql = fmt::format("DROP {} IF EXISTS {}", what, name);
      Status dropped = run(sql);
      if (!dropped && IsNoAnswer(dropped.error())) {
        // A session that was lost drops nothing more.
        session = target_.connector->Connect();
        dropped = run(sql);
      }
      if (!dropped) left.push_back(fmt::format("{} {}: {}", kind, name, dropped.error().message()));
    };
    for (const std::string& table : Tables()) drop("table", "TABLE", table);
    if (!has_schema_) drop("schema", "SCHEMA", Schema());
    return left;
  }

  ProbeAnswer Ask(const ProbeQuestion& question, const char* ended) {
    ProbeAnswer answer{.name = question.name,
                       .question = question.question,
                       .statements = {},
                       .expected = question.expected,
                       .found = {},
                       .because = {}};
    const ProbeWay way = dialect().kind() == SqlDialect::Kind::kPostgres ? kByPostgres
                         : target_.data_api == nullptr                   ? kByWire
                                                                         : kByDataApi;
    if ((question.asked_of & way) == 0) {
      answer.verdict = ProbeVerdict::kLeftOut;
      answer.because = question.left_out;
      return answer;
    }
    if (ended != nullptr) {
      answer.verdict = ProbeVerdict::kNotFoundOut;
      answer.because = ended;
      return answer;
    }
    const Result<ProbeFound> found = question.ask(talk_);
    answer.statements = talk_.TakeStatements();
    if (found) {
      answer.found = found->text;
      answer.verdict = found->verdict.value_or(question.otherwise);
      if (answer.verdict != ProbeVerdict::kAsExpected) {
        answer.because = found->because.empty() ? question.because : found->because;
      }
      return answer;
    }
    answer.found = found.error().message();
    if (IsNoAnswer(found.error())) {
      answer.verdict = ProbeVerdict::kNotFoundOut;
      answer.because = "the server gave no answer this time; ask again";
    } else {
      answer.verdict = question.otherwise;
      answer.because = question.because;
    }
    return answer;
  }

  const ProbeTarget target_;
  ProbeTalk talk_;
  bool has_schema_ = false;
};

Probe::Probe(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Probe::~Probe() = default;

Result<std::unique_ptr<Probe>> Probe::Open(ProbeTarget target) {
  auto impl = std::make_unique<Impl>(std::move(target));
  SLUICE_TRY(impl->LookAround());
  return std::unique_ptr<Probe>(new Probe(std::move(impl)));
}

std::vector<std::string> Probe::makes() const {
  return impl_->Makes();
}

size_t Probe::questions() const {
  return ProbeQuestions().size();
}

Result<ProbeReport> Probe::Run(const std::stop_token& stop,
                               const std::function<void(size_t, std::string_view)>& begins) {
  return impl_->Run(stop, begins);
}

}  // namespace sluice
