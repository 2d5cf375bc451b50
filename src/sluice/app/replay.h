// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <tuple>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/object/object_store.h"
#include "sluice/schema/table.h"
#include "sluice/transform/event_replayer.h"
#include "sluice/warehouse/quarantine_query.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

// What a replay of quarantine did, or would do.
struct ReplayReport {
  using Reason = std::tuple<std::string, std::string, std::string>;  // table, reason, column
  struct Group {  // of events that were in quarantine for one reason
    uint64_t passed = 0;
    std::map<Reason, uint64_t> stay;            // by the reason of today
    std::map<std::string, uint64_t> not_tried;  // by the obstacle
    uint64_t events() const;
  };
  std::map<Reason, Group> groups;
  uint64_t events = 0;   // tried
  uint64_t passed = 0;   // of these; each is a row now, or a duplicate, or dropped by a rule
  uint64_t objects = 0;  // raw objects that they came in
  uint64_t changed =
      0;  // objects whose events somebody else replayed, replaced or accepted meanwhile
  uint64_t failed = 0;           // objects of which nothing could be read or loaded
  std::optional<Error> failure;  // the first of these
};

struct ReplayParts {
  const TableSet& tables;
  ObjectStore& raw;
  ObjectStore* parquet;  // null: a dry run
  Warehouse& warehouse;
  Clock& clock;
};

// Tries all events of `filter` again, whose limit is not minded: some thousand at a time, each lot
// in one transaction (ADR 0055). On an error, and when it is stopped, what is committed stays so,
// and the same call goes on with the rest. `progress` is told how many were tried.
Result<ReplayReport> RunReplay(const ReplayParts& parts, const ReplayOptions& options,
                               QuarantineFilter filter, size_t threads, std::stop_token stop,
                               const std::function<void(uint64_t)>& progress);

}  // namespace sluice
