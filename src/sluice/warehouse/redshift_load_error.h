// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "sluice/base/result.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// What a COPY of the objects `keys` that failed in `session` failed for. Redshift's message is cut
// off or says nothing; SYS_LOAD_ERROR_DETAIL, where it knows more of one of them, names file and
// column (Amazon Redshift Database Developer Guide). A fault of the files is kBadData; a connection
// that was lost stays what it is.
Error ExplainCopy(SqlSession& session, const Error& error, std::span<const std::string> keys);

}  // namespace sluice
