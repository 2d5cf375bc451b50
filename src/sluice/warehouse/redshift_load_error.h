// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "sluice/base/result.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// What a COPY of the objects `keys` that failed in `session` failed for. Redshift's message is cut
// off or says nothing; SYS_LOAD_ERROR_DETAIL, or else STL_LOAD_ERRORS, names file and column where
// it knows more of one of them (Amazon Redshift Database Developer Guide). A fault of the files is
// kBadData; a connection that was lost stays what it is.
Error ExplainCopy(SqlSession& session, const Error& error, std::span<const std::string> keys);

}  // namespace sluice
