// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/object/object_names.h"
#include "sluice/object/object_store.h"
#include "sluice/transform/stream_converter.h"
#include "sluice/warehouse/load_plan.h"
#include "sluice/warehouse/quarantine_query.h"

namespace sluice {

struct ReplayOptions {
  ParquetWriterOptions parquet;
  LineChunkerOptions chunks;
  RawLayout layout;
};

// What became of events of one raw object.
struct ReplayedObject {
  std::vector<ReplayedEvent> events;  // as asked for
  std::optional<PlannedObject> part;  // absent: nothing changes
  std::string obstacle;  // not empty: why they cannot be tried again, whatever the tables are
};

// Converts events that are in quarantine once more, from the raw object that they came in, with the
// tables of today. What passes becomes Parquet objects, durable when it returns, of a part of that
// raw object: its identity, and by that keys and bytes, are functions of the raw object's identity,
// of the events and of what quarantine says of them, and of the revision (invariant 2). One thread
// at a time. All references outlive it.
class EventReplayer {
 public:
  // `parquet` may be null, to see what would become of them: nothing is written.
  static Result<std::unique_ptr<EventReplayer>> Make(const TableSet& tables, ReplayOptions options,
                                                     ObjectStore& raw, ObjectStore* parquet);

  // Events of one raw object, by rising lines, each once.
  Result<ReplayedObject> Replay(std::span<const QuarantinedLine> events, size_t threads = 1);

 private:
  EventReplayer(const TableSet& tables, ReplayOptions options, ObjectStore& raw,
                ObjectStore* parquet, std::unique_ptr<StreamConverter> converter);

  const TableSet& tables_;
  const ReplayOptions options_;
  ObjectStore& raw_;
  ObjectStore* const parquet_;
  const std::string revision_;
  std::unique_ptr<StreamConverter> converter_;
};

}  // namespace sluice
