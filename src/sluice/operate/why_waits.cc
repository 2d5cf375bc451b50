// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sluice/base/counted.h"
#include "sluice/operate/status.h"
#include "sluice/operate/why.h"

namespace sluice {

Result<std::string> WhatWaits(const Witnesses& witnesses) {
  SLUICE_ASSIGN(const std::vector<StateCount> states, witnesses.warehouse.States(witnesses.now));
  std::vector<std::string> parts;
  const auto add = [&](uint64_t count, std::string_view one, std::string_view several) {
    if (count > 0)
      parts.push_back(fmt::format("{} {}", WithThousands(count), count == 1 ? one : several));
  };
  add(witnesses.waiting_messages(), "message waits in the source", "messages wait in the source");
  add(witnesses.waiting_notifications(), "notification waits", "notifications wait");
  add(StuckIn(states), "raw object is held or set aside", "raw objects are held or set aside");
  if (witnesses.paused) parts.push_back("loading is paused: " + *witnesses.paused);
  if (parts.empty()) return std::string();
  return fmt::format(" ({})", fmt::join(parts, "; "));
}

void AddNotifications(const Witnesses& witnesses, Story& story) {
  const uint64_t waiting = witnesses.waiting_notifications();
  if (waiting == 0) return;
  story.Add("", Counted(waiting, "notification") + (waiting == 1 ? " waits or is being worked on"
                                                                 : " wait or are being worked on"));
}

}  // namespace sluice
