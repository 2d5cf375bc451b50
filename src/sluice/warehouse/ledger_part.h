// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/load_plan.h"
#include "sluice/warehouse/sql_session.h"
#include "sluice/warehouse/time_intervals.h"

namespace sluice {

// A row of the ledger: what became of one raw object, or of one table's part of it.
struct LedgerPart {
  int64_t object = 0;
  std::string identity, raw_key;
  std::string table;  // or "*": the object itself
  ObjectState state = ObjectState::kLoaded;
  std::string reason, revision;
  std::string changes;  // of a table's part that is loaded: field_changes.h; may be empty
  std::string parquet;  // key of the Parquet object; of "*" of the quarantine object; may be empty
  std::string batch;
  // Not 0: events of that object that were in quarantine, and by how much its counts changed when
  // they were tried again (ADR 0055); may be negative.
  int64_t replay_of = 0;
  int64_t lines = 0, no_route = 0, dropped = 0;  // of "*"
  int64_t routed = 0, loaded = 0, duplicates = 0, quarantined = 0;
  std::string loaded_at;  // UTC, as the warehouse spells it

  bool is_of_table() const { return table != "*"; }
  // What became of the object when it came in: the row that decides, and no replay's of its events.
  bool is_objects_own() const { return !is_of_table() && replay_of == 0; }
};

// How the reason begins of a version that is 'replaced' since its content is loaded already, under
// another ETag or from another store; the identity of that follows.
inline constexpr std::string_view kSameContent = "the same content is loaded: ";

// Which of them; all that is said must hold.
struct PartQuery {
  std::string store = {}, raw_key = {};
  std::string table = {};  // not empty: what this table got rows of
  std::optional<ObjectState> state = {};
  bool with_changes = false;               // only parts of which a field was changed on the way
  std::optional<Timestamp> since = {};     // when the row was written
  std::optional<TimeInterval> times = {};  // with a table: what reaches into these event
                                           // times, or was loaded before the table had one
  size_t limit = 1'000;
};

// Warehouse::ListParts over a session that has a ledger.
Result<std::vector<LedgerPart>> ListParts(SqlSession& session, const LedgerNames& names,
                                          const PartQuery& query);

// An object that the ledger names.
struct NamedFile {
  std::string key;
  // By a row of this pipeline that is not of a version that another one replaced: nobody reads what
  // such a version became any more.
  bool is_needed = false;
  bool operator==(const NamedFile&) const = default;
};
// Warehouse::ListFiles and NamedAmong over a session that has a ledger.
Result<std::vector<NamedFile>> ListFiles(SqlSession& session, const LedgerNames& names,
                                         const std::string& after, size_t limit);
Result<std::vector<std::string>> NamedAmong(SqlSession& session, const LedgerNames& names,
                                            std::span<const std::string> keys);

}  // namespace sluice
