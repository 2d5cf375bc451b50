// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "sluice/app/pipeline.h"
#include "sluice/app/pipeline_view.h"
#include "sluice/base/clock.h"
#include "sluice/cli/session.h"

namespace sluice {

// What a command does beside its work: it looks for raw objects that nobody was told of
// (ReconcileOnSchedule), and tells the webhook (TellAlerts). What goes wrong with that is a line of
// the log and nothing more. What it was given outlives it. One thread at a time.
class Afterwards {
 public:
  enum class Looking { kAllowed, kNot };
  Afterwards(Session& session, const PipelineConfig& config, Looking looking)
      : session_(session), config_(config), looking_(looking) {}

  // Before the work is begun.
  void Begin(Pipeline& pipeline);
  // Neither once a stop was asked for: the process is to end.
  void Reconcile();
  void Tell();
  // Both, at most once in five minutes.
  void NowAndThen();

 private:
  void Do(std::string_view if_it_fails, const std::function<Status(PipelineView&)>& work);
  Status TryTo(const std::function<Status(PipelineView&)>& work);

  Session& session_;
  const PipelineConfig& config_;
  const Looking looking_;
  std::unique_ptr<PipelineView> view_;
  Ticks next_{};
};

}  // namespace sluice
