// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sluice/app/pipeline_view.h"
#include "sluice/base/clock.h"
#include "sluice/cli/session.h"

namespace sluice {

// TellAlerts for a command that works: what goes wrong with it is a line of the log and nothing
// more. Both outlive it. One thread at a time.
class AlertTeller {
 public:
  AlertTeller(Session& session, const PipelineConfig& config)
      : session_(session), config_(config) {}

  // Not once a stop was asked for: the process is to end.
  void Tell();
  // At most once in five minutes.
  void TellNowAndThen();

 private:
  Status TryToTell();

  Session& session_;
  const PipelineConfig& config_;
  std::unique_ptr<PipelineView> view_;
  Ticks next_{};
};

}  // namespace sluice
