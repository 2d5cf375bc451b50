// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/object/object_names.h"
#include "sluice/object/object_store.h"
#include "sluice/operate/hour_range.h"
#include "sluice/operate/story.h"
#include "sluice/queue/queue.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

// Who can be asked why something is loaded or not. All of it is only read, and outlives the
// questions. What both change meanwhile may be seen or not.
struct Witnesses {
  const TableSet& tables;
  Warehouse& warehouse;
  const RawLayout& layout;
  std::string raw_uri;  // of the raw store, there or not
  // Null: the folder is not there yet.
  ObjectStore* raw = nullptr;
  ObjectStore* parquet = nullptr;
  ObjectStore* quarantine = nullptr;
  // Absent: the queue is not there yet, or the source is a stream.
  std::optional<QueueDepth> source, notifications;
  std::optional<std::string> paused;  // why loading is paused
  Timestamp now;
  std::chrono::microseconds grace;  // younger objects may still be on their way

  uint64_t waiting_messages() const { return source ? source->undeleted() : 0; }
  uint64_t waiting_notifications() const { return notifications ? notifications->undeleted() : 0; }
};

// " (3 messages wait in the source; loading is paused: …)": what may have an event that nothing
// else has. Empty where nothing waits.
Result<std::string> WhatWaits(const Witnesses& witnesses);
// How many notifications wait, where any does.
void AddNotifications(const Witnesses& witnesses, Story& story);

// Of a raw object, by its key in the raw store.
Result<Story> WhyObject(const Witnesses& witnesses, const std::string& key);

// Of an event, by the value of its table's unique column, or several as sluice.duplicates has them.
// Which raw object and line a row came from stands in Parquet objects, of which at most kSearched
// of each table are looked into: of a row with a time, those that landed then or soonest after it.
inline constexpr size_t kSearched = 200;
Result<Story> WhyEvent(const Witnesses& witnesses, const std::string& key);

// Of all that landed in these hours.
Result<Story> WhyLandingHours(const Witnesses& witnesses, const HourRange& hours);
// Of all events with a time in these hours, in tables that have one.
Result<Story> WhyEventHours(const Witnesses& witnesses, const HourRange& hours);

}  // namespace sluice
