// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/afterwards.h"

#include "sluice/app/alerting.h"
#include "sluice/app/scheduled_reconcile.h"
#include "sluice/base/log.h"

namespace sluice {
namespace {

constexpr std::chrono::minutes kEvery{5};

}  // namespace

void Afterwards::Begin(Pipeline& pipeline) {
  if (looking_ == Looking::kNot) return;
  const Status done = RememberFirstRun(pipeline.quarantine(), config_, session_.clock().Now());
  if (!done) {
    Log(LogLevel::kWarning, "cannot remember when this pipeline ran first: {}",
        done.error().message());
  }
}

void Afterwards::Reconcile() {
  if (looking_ == Looking::kNot) return;
  Do("cannot look for raw objects that nobody was told of, which the next run does",
     [&](PipelineView& view) {
       return ReconcileOnSchedule(view, session_.clock(), session_.stop());
     });
}

void Afterwards::Tell() {
  if (!config_.alert.has_webhook()) return;
  Do("cannot send alerts, they are sent the next time",
     [&](PipelineView& view) { return TellAlerts(view, session_.clock().Now()); });
}

void Afterwards::NowAndThen() {
  if (session_.clock().Monotonic() < next_) return;
  next_ = session_.clock().Monotonic() + kEvery;
  Reconcile();
  Tell();
}

void Afterwards::Do(std::string_view if_it_fails,
                    const std::function<Status(PipelineView&)>& work) {
  if (session_.stop().stop_requested()) return;
  if (const Status done = TryTo(work); !done) {
    Log(LogLevel::kWarning, "{}: {}", if_it_fails, done.error().message());
  }
}

Status Afterwards::TryTo(const std::function<Status(PipelineView&)>& work) {
  if (view_ == nullptr || !view_->not_there_yet().empty()) {
    SLUICE_ASSIGN(view_, session_.OpenView(config_));
  }
  return work(*view_);
}

}  // namespace sluice
