// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>

#include "sluice/base/result.h"
#include "sluice/warehouse/probe.h"
#include "sluice/warehouse/probe_talk.h"

namespace sluice {

// Whom a question is put to: a sum of these.
enum ProbeWay : unsigned { kByPostgres = 1, kByWire = 2, kByDataApi = 4 };

struct ProbeFound {
  std::string text;
  // Absent: not as expected, and the question says what that means; so of `because`.
  std::optional<ProbeVerdict> verdict;
  std::string because = {};
};

struct ProbeQuestion {
  const char *name, *question, *expected;
  unsigned asked_of;
  const char* left_out;  // why it is not put to the others
  // What another answer means; an error that is no chance is another answer.
  ProbeVerdict otherwise;
  const char* because;
  Result<ProbeFound> (*ask)(ProbeTalk& talk);
};

// All of them, in the order in which they are put. Each stands for itself.
std::span<const ProbeQuestion> ProbeQuestions();

}  // namespace sluice
