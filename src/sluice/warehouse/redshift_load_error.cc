// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/redshift_load_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "sluice/warehouse/redshift_words.h"

namespace sluice {
namespace {

// Of this session, the newest. Own rows are visible to every user.
constexpr const char* kNewest =
    "SELECT TRIM(file_name), TRIM(column_name), TRIM(column_type), TRIM(error_message) FROM "
    "sys_load_error_detail WHERE session_id = pg_backend_pid() ORDER BY start_time DESC, query_id "
    "DESC LIMIT 1";

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
  const auto rows = session.Query("read load error", kNewest);
  // An old session of the same number has left rows too.
  const auto is_of_ours = [&](const TextRow& row) {
    return row.size() == 4 && std::ranges::any_of(keys, [&](const std::string& key) {
             return row[0].value_or("").ends_with(key);
           });
  };
  ErrorKind kind = error.kind();
  if (rows && !rows->empty() && is_of_ours(rows->front())) {
    const TextRow& row = rows->front();
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
