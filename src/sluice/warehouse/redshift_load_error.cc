// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/redshift_load_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "sluice/warehouse/redshift_words.h"

namespace sluice {
namespace {

// Of this session, the newest, in the views that may know it. Own rows are visible to every user;
// Redshift Serverless has no STL views.
constexpr const char* kNewest[] = {
    "SELECT TRIM(file_name), TRIM(column_name), TRIM(column_type), TRIM(error_message) FROM "
    "sys_load_error_detail WHERE session_id = pg_backend_pid() ORDER BY start_time DESC, query_id "
    "DESC LIMIT 1",
    "SELECT TRIM(filename), TRIM(colname), TRIM(type), TRIM(err_reason) FROM stl_load_errors WHERE "
    "session = pg_backend_pid() ORDER BY starttime DESC, query DESC LIMIT 1"};

// The first that is of one of the objects: an old session of the same number has left rows too.
std::optional<TextRow> RowOf(SqlSession& session, std::span<const std::string> keys) {
  for (const char* const sql : kNewest) {
    const auto rows = session.Query("read load error", sql);
    if (!rows || rows->empty() || rows->front().size() != 4) continue;
    const std::string file = rows->front()[0].value_or("");
    const auto is_it = [&](const std::string& key) { return file.ends_with(key); };
    if (std::ranges::any_of(keys, is_it)) return rows->front();
  }
  return std::nullopt;
}

bool IsOfAccess(std::string_view message) {
  return message.contains("Access Denied") || message.contains("AccessDenied") ||
         message.contains("not authorized");
}

}  // namespace

Error ExplainCopy(SqlSession& session, const Error& error, std::span<const std::string> keys) {
  if (error.kind() == ErrorKind::kOutcomeUnknown || error.kind() == ErrorKind::kTransient) {
    return error;
  }
  std::string message = error.message();
  ErrorKind kind = error.kind();
  if (const std::optional<TextRow> found = RowOf(session, keys)) {
    const TextRow& row = *found;
    const std::string said = row[3].value_or("");
    kind = KindOfRedshiftWords(said).value_or(kind);
    message +=
        ": " + InOnePiece(fmt::format("{}; column={} type={} file={}", said, row[1].value_or(""),
                                      row[2].value_or(""), row[0].value_or("")));
  }
  if (IsOfAccess(message)) {
    return Error(ErrorKind::kPermanent,
                 message + ": the roles of warehouse.copy_role must be allowed to read the files");
  }
  return Error(kind, message);
}

}  // namespace sluice
