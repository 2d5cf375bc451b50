// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/alert_teller.h"

#include "sluice/app/alerting.h"
#include "sluice/base/log.h"

namespace sluice {
namespace {

constexpr std::chrono::minutes kEvery{5};

}  // namespace

void AlertTeller::Tell() {
  if (!config_.alert.has_webhook() || session_.stop().stop_requested()) return;
  next_ = session_.clock().Monotonic() + kEvery;
  if (const Status told = TryToTell(); !told) {
    Log(LogLevel::kWarning, "cannot send alerts, they are sent the next time: {}",
        told.error().message());
  }
}

void AlertTeller::TellNowAndThen() {
  if (session_.clock().Monotonic() >= next_) Tell();
}

Status AlertTeller::TryToTell() {
  if (view_ == nullptr || !view_->not_there_yet().empty()) {
    SLUICE_ASSIGN(view_, session_.OpenView(config_));
  }
  return TellAlerts(*view_, session_.clock().Now());
}

}  // namespace sluice
