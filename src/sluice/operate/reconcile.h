// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/object/object_names.h"
#include "sluice/operate/foreign_keys.h"
#include "sluice/operate/hour_range.h"
#include "sluice/operate/on_key.h"
#include "sluice/operate/overdue_hours.h"
#include "sluice/operate/raw_walk.h"
#include "sluice/queue/queue.h"

namespace sluice {

// A key that waits for a person, and the sentence that the ledger has.
struct StuckKey {
  std::string key, reason;
};

// What became of the raw objects of some hours. Numbers of keys.
struct ReconcileReport {
  HourRange hours;
  uint64_t stored = 0;  // in the store: the next seven
  uint64_t loaded = 0;  // or replaced
  uint64_t held = 0, set_aside = 0;
  uint64_t held_over = 0;  // of the held: another version of the key is loaded
  uint64_t missing = 0;    // the ledger knows nothing of them
  uint64_t pending = 0;  // nor of these, but they are young: their notifications may be on the way
  uint64_t overwritten = 0;  // another version of the key is loaded, and nothing known of this one
  uint64_t foreign = 0;      // a key that the layout does not explain
  uint64_t gone = 0;         // loaded, and no longer in the store
  uint64_t vanished = 0;     // no longer in the store, and no version of them loaded or replaced
  ForeignKeys elsewhere;     // outside of the hours; for the caller to find
  Bytes missing_size;
  std::vector<std::string> examples, overwritten_examples;  // the first that are missing, or so
  OverdueHours overdue;                     // the missing, and the overwritten that are not young
  std::optional<Timestamp> oldest_pending;  // when that landed
  // From the first in which any is until behind the last.
  std::optional<HourRange> pending_hours, overwritten_hours;
  std::vector<StuckKey> held_examples, set_aside_examples;  // the first of these
  uint64_t announced = 0;  // notifications that were sent for what is missing or overwritten
  // The last key that is in these numbers; empty: none.
  std::string compared;
  // Of these hours every key is in them, and not as pending; empty where it ended early.
  std::optional<HourRange> settled;
  std::optional<Error> failure;  // what ended the walk before its end

  // Is there anything that only a person can settle?
  bool NeedsAttention() const {
    return held + set_aside + foreign + elsewhere.count + vanished > 0 ||
           missing + overwritten > announced;
  }
};

struct ReconcileOptions {
  Timestamp pending_since;  // an object that was last modified after it counts as pending
  std::string after = {};   // keys up to this one are left out; empty: none
  OnKey on_key = {};
  // Called for each object that is missing, or overwritten and not young.
  std::function<Status(const ObjectInfo&)> on_missing = {};
};

// Walks once through the hours. Changes nothing itself, so that it is safe while everything else
// runs: what is loaded meanwhile may be called missing or pending, and a notification about it does
// nothing. Where it ends early, another one with `after` what is compared goes on: the numbers of
// both are those of one.
ReconcileReport Reconcile(ObjectStore& raw, const LedgerPages& ledger, const RawLayout& layout,
                          const HourRange& hours, const ReconcileOptions& options);

// Sends notifications for what is missing since this hour, at least.
std::string RepairCommand(Timestamp hour, Timestamp now);
// What loads what is missing from one hour to another: that, or `backfill`. No reconcile looks into
// hours that are to come.
std::string FixOfMissing(Timestamp first, Timestamp last, Timestamp now, std::string_view backfill);

// What is to be expected of objects that are pending, for people, as far as the queue of
// notifications was asked. `missing_from`: when the first of them counts as missing. `backfill`:
// the command that loads them.
std::string PendingText(uint64_t objects, const std::optional<QueueDepth>& notifications,
                        Timestamp missing_from, Timestamp now, std::string_view backfill);

// Sends, for objects of a raw store, the notifications that S3 would have sent. Call Flush behind
// the last one. What it was given outlives it.
class Announcer {
 public:
  Announcer(std::string store, Queue& notifications, Clock& clock);

  Status Announce(const ObjectInfo& object);
  Status Flush();
  uint64_t sent() const { return sent_; }

 private:
  const std::string bucket_, prefix_;
  Queue& notifications_;
  Clock& clock_;
  std::vector<std::string> bodies_;
  uint64_t sent_ = 0;
};

}  // namespace sluice
