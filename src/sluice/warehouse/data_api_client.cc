// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/data_api_client.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "sluice/aws/json_answer.h"
#include "sluice/base/json_text.h"

namespace sluice {
namespace {

using simdjson::dom::object;

// For how long a session lives after its last statement: longer than it takes to read footers and
// write a manifest, and short, because nothing ends it but time and a cluster has 500 at most.
constexpr std::chrono::seconds kSessionLives{600};
// An answer comes when the statement has ended, or after so long. From who does not wait, which
// DescribeStatement learned in 2026, it comes at once, and the pauses are ours.
constexpr std::chrono::seconds kLongPoll{1};
constexpr std::chrono::milliseconds kFirstPoll{50}, kLastPoll{2'000};
constexpr std::chrono::seconds kGrace{5};  // for a statement that was cancelled

// Sources: the service's API reference, "Errors" of each action.
constexpr FailureMeaning kFailures[] = {
    // Nothing was begun.
    {"ActiveStatementsExceededException", ErrorKind::kTransient},
    {"ActiveSessionsExceededException", ErrorKind::kTransient},
    {"ActiveWaitingRequestsExceededException", ErrorKind::kTransient},
    {"QueryTimeoutException", ErrorKind::kTransient},
    {"ResourceNotFoundException", ErrorKind::kNotFound},
    {"DatabaseConnectionException", ErrorKind::kTransient},
    {"BatchExecuteStatementException", ErrorKind::kOutcomeUnknown},
    {"ExecuteStatementException", ErrorKind::kOutcomeUnknown},
};

std::unexpected<Error> BadAnswer(std::string_view what) {
  return Fail(ErrorKind::kPermanent, "redshift-data: an answer without {}", what);
}

Result<object> ObjectIn(simdjson::dom::parser& parser, const HttpResponse& answer) {
  object root;
  if (parser.parse(answer.body).get(root) == simdjson::SUCCESS) return root;
  return BadAnswer("a JSON object");
}

DataApiStatement StatementIn(const object& from) {
  DataApiStatement statement{.id = std::string(TextMember(from, "Id")),
                             .status = std::string(TextMember(from, "Status")),
                             .error = std::string(TextMember(from, "Error")),
                             .parts = {}};
  if (from.at_key("HasResultSet").get(statement.has_result) != simdjson::SUCCESS) {
    statement.has_result = false;
  }
  for (const object& part : ObjectMembers(from, "SubStatements")) {
    statement.parts.push_back(StatementIn(part));
  }
  return statement;
}

// A field has one member, named for its type.
std::optional<std::string> FieldIn(const simdjson::dom::element& field) {
  object value;
  if (field.get(value) != simdjson::SUCCESS) return std::nullopt;
  for (const auto& [name, found] : value) {
    if (name == "isNull") return std::nullopt;
    if (std::string_view text; found.get(text) == simdjson::SUCCESS) return std::string(text);
    return simdjson::minify(found);
  }
  return std::nullopt;
}

void AppendRows(const object& root, std::vector<TextRow>& rows) {
  simdjson::dom::array records;
  if (root.at_key("Records").get(records) != simdjson::SUCCESS) return;
  for (const simdjson::dom::element record : records) {
    TextRow& row = rows.emplace_back();
    simdjson::dom::array fields;
    if (record.get(fields) != simdjson::SUCCESS) continue;
    for (const simdjson::dom::element field : fields) row.push_back(FieldIn(field));
  }
}

void AddTarget(const DataApiTarget& target, JsonText& json) {
  json.Key("Database").Value(target.database);
  if (!target.workgroup.empty()) json.Key("WorkgroupName").Value(target.workgroup);
  if (!target.cluster.empty()) json.Key("ClusterIdentifier").Value(target.cluster);
  if (!target.secret_arn.empty()) json.Key("SecretArn").Value(target.secret_arn);
  if (!target.user.empty()) json.Key("DbUser").Value(target.user);
}

}  // namespace

bool DataApiStatement::has_ended() const {
  return status == "FINISHED" || status == "FAILED" || status == "ABORTED";
}

std::span<const FailureMeaning> DataApiClient::failures() {
  return kFailures;
}

// Everything but handing in may be repeated; that is, by its token, too.
Result<HttpResponse> DataApiClient::Call(std::string_view action, const std::string& body) {
  return client_->Call(
      {.request = {.method = "POST",
                   .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                               {"X-Amz-Target", fmt::format("RedshiftData.{}", action)}},
                   .body = body},
       .is_repeatable = true});
}

Result<std::string> DataApiClient::Submit(std::span<const std::string> sql,
                                          const std::string& token, Session session) {
  for (const std::string& statement : sql) {
    if (statement.size() <= kMostBytes) continue;
    return Fail(ErrorKind::kPermanent, "a statement is too long for the Data API: bytes={} most={}",
                statement.size(), kMostBytes);
  }
  if (sql.size() > kMostStatements) {
    return Fail(ErrorKind::kPermanent,
                "a transaction has too many statements for the Data API: statements={} most={}: "
                "load fewer tables at once, or connect to the cluster (warehouse.redshift)",
                sql.size(), kMostStatements);
  }
  JsonText json;
  json.BeginObject();
  if (session_.empty()) {
    AddTarget(target_, json);
  } else {
    json.Key("SessionId").Value(session_);
  }
  if (session == Session::kKeep) {
    json.Key("SessionKeepAliveSeconds").Value(static_cast<int64_t>(kSessionLives.count()));
  }
  json.Key("ClientToken").Value(token);
  if (sql.size() == 1) {
    json.Key("Sql").Value(sql[0]);
  } else {
    json.Key("Sqls").BeginArray();
    for (const std::string& statement : sql) json.Value(statement);
    json.EndArray();
  }
  json.EndObject();
  const auto answer =
      Call(sql.size() == 1 ? "ExecuteStatement" : "BatchExecuteStatement", json.text());
  if (!answer) {
    // Staged again in another session it may go well.
    const bool is_gone = !session_.empty() && answer.error().message().contains("ession");
    const bool was_refused = answer.error().kind() == ErrorKind::kPermanent;
    return std::unexpected(is_gone && was_refused
                               ? Error(ErrorKind::kTransient, answer.error().message())
                               : answer.error());
  }
  simdjson::dom::parser parser;
  SLUICE_ASSIGN(const object root, ObjectIn(parser, *answer));
  const std::string_view id = TextMember(root, "Id");
  if (id.empty()) return BadAnswer("a statement's id");
  if (session == Session::kKeep && session_.empty()) session_ = TextMember(root, "SessionId");
  if (session == Session::kKeep && session_.empty()) return BadAnswer("a session's id");
  return std::string(id);
}

Result<std::optional<DataApiStatement>> DataApiClient::Wait(const std::string& id, Ticks until,
                                                            const std::stop_token& stop) {
  JsonText json;
  json.BeginObject().Key("Id").Value(id).Key("WaitTimeSeconds").Value(kLongPoll.count());
  json.EndObject();
  bool is_stopping = false;
  for (auto pause = kFirstPoll;; pause = std::min(pause * 2, kLastPoll)) {
    const Ticks asked = clock_.Monotonic();
    SLUICE_ASSIGN(const HttpResponse answer, Call("DescribeStatement", json.text()));
    simdjson::dom::parser parser;
    SLUICE_ASSIGN(const object root, ObjectIn(parser, answer));
    DataApiStatement statement = StatementIn(root);
    if (statement.has_ended()) return statement;
    if (clock_.Monotonic() >= until) return std::nullopt;
    if (stop.stop_requested()) {
      if (!std::exchange(is_stopping, true)) {
        until = std::min<Ticks>(until, clock_.Monotonic() + kGrace);
        pause = kFirstPoll;
      }
      // Refused until it runs, and when it has ended: asked again each time.
      std::ignore = Cancel(id);
    }
    if (clock_.Monotonic() - asked < kLongPoll) {
      clock_.Sleep(pause);
    } else {
      pause = kFirstPoll;
    }
  }
}

Status DataApiClient::Cancel(const std::string& id) {
  JsonText json;
  json.BeginObject().Key("Id").Value(id).EndObject();
  SLUICE_TRY(Call("CancelStatement", json.text()));
  return {};
}

Result<std::vector<TextRow>> DataApiClient::Rows(const std::string& id) {
  std::vector<TextRow> rows;
  std::string next;
  do {
    JsonText json;
    json.BeginObject().Key("Id").Value(id);
    if (!next.empty()) json.Key("NextToken").Value(next);
    json.EndObject();
    SLUICE_ASSIGN(const HttpResponse answer, Call("GetStatementResult", json.text()));
    simdjson::dom::parser parser;
    SLUICE_ASSIGN(const object root, ObjectIn(parser, answer));
    AppendRows(root, rows);
    next = TextMember(root, "NextToken");
  } while (!next.empty());
  return rows;
}

}  // namespace sluice
