// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "sluice/operate/orphans.h"
#include "sluice/operate/reconcile.h"
#include "sluice/queue/queue.h"

namespace sluice {

struct ReconcileFlags {
  std::string since = "7d", grace = "1h", after;
  bool repair = false, forget = false;
};

// What the stores have that the pipeline itself writes.
struct DerivedStores {
  ParquetComparison parquet;
  std::string claim;  // what of the Parquet store is wrong as a whole; empty: nothing
  QuarantineComparison quarantine;

  bool NeedsAttention() const { return parquet.missing + quarantine.missing > 0 || !claim.empty(); }
};

// What its text says beside the report.
struct Surroundings {
  std::optional<QueueDepth> notifications;
  std::optional<std::string> paused;  // why loading is
  std::chrono::microseconds grace;
  std::string layout;
  Timestamp now;
};

// Is there anything that only a person can settle?
bool NeedsAttention(const ReconcileReport& report, const std::optional<DerivedStores>& derived);
std::string ToText(const ReconcileReport& report, const std::optional<DerivedStores>& derived,
                   const ReconcileFlags& flags, const Surroundings& around);
std::string ToJson(const ReconcileReport& report, const std::optional<DerivedStores>& derived);

}  // namespace sluice
