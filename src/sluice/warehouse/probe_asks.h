// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/warehouse/probe_questions.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// How each question of ProbeQuestions is put, in its order. An error that is IsNoAnswer: none.
Result<ProbeFound> AskServer(ProbeTalk& talk);
Result<ProbeFound> AskUtc(ProbeTalk& talk);
Result<ProbeFound> AskSession(ProbeTalk& talk);
Result<ProbeFound> AskCommit(ProbeTalk& talk);
Result<ProbeFound> AskRollback(ProbeTalk& talk);
Result<ProbeFound> AskAssertion(ProbeTalk& talk);
Result<ProbeFound> AskLock(ProbeTalk& talk);
Result<ProbeFound> AskSnapshot(ProbeTalk& talk);
Result<ProbeFound> AskIsolation(ProbeTalk& talk);
Result<ProbeFound> AskExact(ProbeTalk& talk);
Result<ProbeFound> AskCatalog(ProbeTalk& talk);
Result<ProbeFound> AskRights(ProbeTalk& talk);
Result<ProbeFound> AskSnappy(ProbeTalk& talk);
Result<ProbeFound> AskZstd(ProbeTalk& talk);
Result<ProbeFound> AskBytes(ProbeTalk& talk);
Result<ProbeFound> AskLoadError(ProbeTalk& talk);
Result<ProbeFound> AskLength(ProbeTalk& talk);
Result<ProbeFound> AskMissing(ProbeTalk& talk);
Result<ProbeFound> AskLoad(ProbeTalk& talk);
Result<ProbeFound> AskToken(ProbeTalk& talk);

// What they are made of.

// Of a failure that says nothing of what was asked: by chance, or it is not known how it ended.
bool IsNoAnswer(const Error& error);

// As expected or not, as far as the question says what that means.
ProbeFound Found(bool is_expected, std::string text);
// The only value that is asked for, or "nothing".
std::string First(const std::vector<TextRow>& rows);
std::vector<SqlStatement> Unnamed(std::vector<std::string> texts);
std::string InsertSql(const std::string& table, int id);
std::string CountSql(const std::string& table, const std::string& where);
// What others see, by another session.
Result<std::string> Count(ProbeTalk& talk, const std::string& table, const std::string& where);

}  // namespace sluice
