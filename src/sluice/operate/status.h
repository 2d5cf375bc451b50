// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/object/object_names.h"
#include "sluice/object/object_store.h"
#include "sluice/operate/field_report.h"
#include "sluice/operate/landed.h"
#include "sluice/operate/overdue_hours.h"
#include "sluice/queue/queue.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

// Who is asked for a report.
enum class StatusPart {
  kSource,
  kNotifications,
  kSourceDeadLetters,
  kNotificationDeadLetters,
  kRetention,
  kRawStore,
  kWarehouse,
  kTables,
  kQuarantineStore,  // which has what is remembered
};
std::string_view Name(StatusPart part);  // "source", …, "raw_store": of JSON

// Why a part could not be asked: what only it knows is missing in the report.
struct NotKnown {
  StatusPart part;
  Error error;
};

struct TableStatus {
  std::string table;  // "tracking.events"
  TableBalance balance;
  std::optional<uint64_t> rows;  // SELECT count(*), 0 without the table; absent: nobody counted
  // Of the events loaded in the last kLandedHours, and of the duplicates among them: those that
  // have other values than the row with their key.
  uint64_t seen = 0, differing = 0;
  std::string hindrance;  // what of the table is not as its DDL says, so that nothing loads; empty

  // Of those that sluice loaded: somebody else removed them. What somebody else added hides some.
  uint64_t rows_missing() const {
    return rows && balance.loaded > *rows ? balance.loaded - *rows : 0;
  }
};

// Events of a table by the hour of their time.
struct TableHours {
  std::string table;
  std::vector<EventHour> hours;
};

// Where everything is: what waits in the queues and in the raw store, and the balance of all raw
// objects that the ledger knows.
struct StatusReport {
  Timestamp now;
  StatusLimits limits;
  std::optional<QueueDepth> source, notifications;  // absent: not there yet
  // How long a notification is kept; absent: for ever. The caller of GatherStatus knows, as
  // whether the source is a stream, of which nobody says how much waits in it.
  std::optional<std::chrono::seconds> notifications_kept;
  bool source_is_stream = false;
  std::vector<NotKnown> not_known;  // a part once
  bool ledger_exists = false;
  std::optional<std::string> paused;
  TableBalance objects;            // the ledger's rows of the loaded objects themselves
  std::vector<StateCount> states;  // of all objects that the ledger knows; rows since kRateHour ago
  std::string stuck_key;           // of the last one that was held or set aside, if any is
  std::vector<TableStatus> tables;
  std::optional<Landed> landed;  // absent: there is no raw store yet, or it is not known
  OverdueHours remembered;       // by the pipeline
  OverdueHours overdue_before;   // of these, before the hours of `landed`: as they are now
  // Of the last kLandedHours, of tables that have a time; where that was asked.
  std::vector<TableHours> event_hours;
  QuarantineSummary quarantine;  // what came there in the last kLandedHours
  std::vector<FieldReport> fields;
  // Some rows of the first table that has any: column and value, NULLs left out.
  std::vector<std::vector<std::pair<std::string, std::string>>> sample;

  // Null: it was asked.
  const Error* WhyNotKnown(StatusPart part) const;
  bool is_warehouse_down() const { return WhyNotKnown(StatusPart::kWarehouse) != nullptr; }
  const StateCount* Loaded() const;  // of `states`; null where nothing was ever loaded
  // Of what is held or set aside: what keeps the tables behind, or else the last one. May be empty.
  const std::string& key_to_look_at() const;
  uint64_t rows_last_hour() const;  // that came into tables in the hour before now
  // Events in quarantine that were given up.
  uint64_t accepted() const;
  // Whether invariant 5 holds for the sums of the ledger; the tables themselves have no part in it.
  // False means that somebody else changed the ledger.
  bool Balances() const;
  uint64_t notifications_waiting() const;  // those in flight too
  OverdueHours overdue() const;            // before these hours, and in them
  // Until when the notification of the oldest object that waits is kept.
  std::optional<Timestamp> expiry() const;
};

// When the oldest message came that waits in a queue, as far as that is known.
std::optional<Timestamp> OldestOf(const std::optional<QueueDepth>& queue);

// Who is asked. All of it outlives the question, and is only read.
struct StatusParts {
  const TableSet& tables;
  Queue* source = nullptr;  // null: not there yet, a stream, or not opened
  Queue* notifications = nullptr;
  Warehouse& warehouse;
  ObjectStore* raw = nullptr;
  const RawLayout& layout;
  const LedgerNames& names;
  OverdueHours remembered;  // as the pipeline's memory has them
  std::vector<NotKnown> not_opened;
};
// kLedger looks at the tables' columns alone: no rows are counted, and none shown. kEventHours
// reads their times too.
enum class StatusDepth { kLedger, kTables, kEventHours };

// Held or set aside: it waits for a person.
inline bool IsStuck(ObjectState state) {
  return state == ObjectState::kHeld || state == ObjectState::kSetAside;
}

// How many raw objects are.
uint64_t StuckIn(const std::vector<StateCount>& states);

// Absent where the queue is not there yet.
Result<std::optional<QueueDepth>> DepthOf(Queue* queue);

// A part that cannot be asked is no failure: the report says so, and has what the others know.
StatusReport GatherStatus(const StatusParts& parts, Timestamp now, const StatusLimits& limits,
                          StatusDepth depth);

}  // namespace sluice
