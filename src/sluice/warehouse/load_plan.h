// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"

namespace sluice {

// What the ledger says of a raw object, or of one table's part of it.
enum class ObjectState {
  kLoaded,    // its rows are in their tables
  kReplaced,  // another version of the key took its place (--replace), or stood there before it
              // arrived, newer or with the same content: loads nothing, ever
  kHeld,      // nothing loaded, a person must look: too many bad events, or a key overwritten with
              // other content. Provisional
  kSetAside,  // nothing loaded: the warehouse refused it, or it cannot be read. Provisional
  kVanished,  // it was gone when it was to be read. Provisional
};
std::string_view Name(ObjectState state);  // "loaded", "replaced", "held", "set_aside", "vanished":
                                           // what the ledger holds
std::optional<ObjectState> ObjectStateNamed(std::string_view name);

// One table's part of a raw object.
struct PlannedTable {
  size_t table = 0;     // index in the TableSet
  std::string parquet;  // key in the Parquet store; empty when no row came out, and then there is
                        // no such object
  uint64_t routed = 0;
  uint64_t quarantined = 0;  // staged rows are expected to be routed - quarantined
  std::string changes;       // of fields on the way, as field_changes.h spells them; may be empty
  // Of the time column, where the table has one and a row came out.
  std::optional<Timestamp> min_time, max_time;
};

// An event that was in quarantine when it was converted once more.
struct ReplayedEvent {
  uint64_t line = 0;                  // of its raw object
  std::string was_table;              // as sluice.quarantine has it: a table, or "*"
  bool passes = false;                // it is a row now, or dropped by a rule
  bool changes = false;               // it passes, or does not for another reason than before
  std::string table, reason, column;  // of one that does not pass
};

// A part of a raw object that is loaded: events that were in quarantine and are to be rows (ADR
// 0055). Its counts say what becomes of them; its ledger rows will say by how much that changes
// what the raw object's own say.
struct PlannedReplay {
  int64_t of = 0;  // the raw object
  std::vector<ReplayedEvent> events;
};

// One raw object on its way into the warehouse: everything that its ledger rows will say before the
// warehouse has counted.
struct PlannedObject {
  int64_t object = 0;    // ObjectIdentity::Id()
  std::string identity;  // ObjectIdentity::ToText()
  std::string store;     // URI of the raw store: two stores may hold one key
  std::string raw_key;
  std::string content;  // SHA-256 of the stored bytes, hexadecimal
  int64_t version = 0;  // orders versions of one key: last modified, microseconds since the epoch
  std::string revision;
  uint64_t lines = 0, no_route = 0, dropped = 0;
  std::string quarantine;    // key in the quarantine store; empty when nothing was quarantined
  uint64_t quarantined = 0;  // rows in it: no_route and those of all tables
  std::vector<PlannedTable>
      tables;               // one for every table of the TableSet, in its order, zeros included
  std::string reason = {};  // why it is loaded though it was held; mostly empty
  std::optional<PlannedReplay> replay = {};  // then it is no raw object, but a part of one
};

// What one load is to bring in: each object once, each raw key of a store once, in plan order,
// which decides which of two equal events wins.
struct LoadPlan {
  std::string batch;  // unique id
  std::vector<PlannedObject> objects;
  // Whatever is loaded of their keys makes room for them, in the same transaction.
  bool replaces = false;
  // All of them are parts that a replay of quarantine makes. One whose events are not in quarantine
  // any more as they were loads nothing and gets no state.
  bool replays = false;
};

// An object that is settled without loading anything: held, set aside or vanished.
struct Settlement {
  ObjectState state = ObjectState::kHeld;
  PlannedObject object;  // `tables` may be empty; counts as far as they are known
  std::string reason;    // one sentence, for people
};

// What the ledger says after a load.
struct ObjectOutcome {
  int64_t object = 0;
  std::optional<ObjectState> state;  // absent: the ledger does not know it
  std::string batch;                 // that wrote the row
  std::string reason;
};

// The objects of one state.
struct StateCount {
  ObjectState state = ObjectState::kLoaded;
  uint64_t objects = 0, events = 0;
  // When the first and the last of them came to it; of what is loaded, replays too.
  std::optional<Timestamp> first = {}, last = {};
  uint64_t rows_since = 0;  // that came into tables with them since a time that was asked for
};

// Sums over the ledger rows of what is loaded, for status and the demo.
struct TableBalance {
  std::string table;  // "*" is the objects themselves
  uint64_t objects = 0, lines = 0, no_route = 0, dropped = 0, routed = 0, staged = 0, loaded = 0,
           duplicates = 0, differing = 0, quarantined = 0;
  uint64_t accepted = 0;  // of the quarantined, given up; of "*" those without a route
};

}  // namespace sluice
