// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/object/object_store.h"
#include "sluice/operate/hour_range.h"
#include "sluice/operate/on_key.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

// One Parquet key, as the store and the ledger have it; in one of them at least.
struct ParquetKeyState {
  std::string key;
  std::optional<ObjectInfo> stored;
  bool is_named = false;   // by any row of the ledger
  bool is_needed = false;  // NamedFile
};

// Asks for a page of the files that the ledger names, as Warehouse::ListFiles does.
using FilePages =
    std::function<Result<std::vector<NamedFile>>(const std::string& after, size_t limit)>;
inline FilePages FilePagesOf(Warehouse& warehouse) {
  return [&warehouse](const std::string& after, size_t limit) {
    return warehouse.ListFiles(after, limit);
  };
}

// Walks through the Parquet store, or that of quarantine, and what the ledger names of both at the
// same time, in the order of the keys' bytes, a page of each in memory. What both change meanwhile
// may be seen or not: who acts on an answer asks again. One thread at a time; what it was given
// outlives it.
class ParquetWalk {
 public:
  // All of it, or the raw objects' hours, which are in the keys.
  ParquetWalk(ObjectStore& parquet, FilePages named,
              const std::optional<HourRange>& hours = std::nullopt);

  // The next key; nothing at the end. Keys that are no Parquet object's come too.
  Result<std::optional<ParquetKeyState>> Next();

 private:
  bool IsBehind(const std::string& key) const { return !before_.empty() && key >= before_; }
  Status FillStored();
  Status FillNamed();

  ObjectStore& parquet_;
  const FilePages pages_;
  std::string before_;  // keys less than this one; empty: no end
  std::deque<ObjectInfo> stored_;
  std::string stored_after_;
  bool has_all_stored_ = false;
  std::deque<NamedFile> named_;
  std::string named_after_;
  bool has_all_named_ = false;
};

// The Parquet objects of some hours beside the ledger. Numbers of objects.
struct ParquetComparison {
  uint64_t stored = 0;                // the next three, and what is no Parquet object of a pipeline
  uint64_t named = 0;                 // by the ledger
  uint64_t young = 0;                 // not named, but a load may be at it
  uint64_t unnamed = 0;               // nor these: CollectGarbage tells which of them may go
  uint64_t missing = 0;               // needed (NamedFile), and not in the store
  std::vector<std::string> examples;  // the first that are missing
};
Result<ParquetComparison> CompareParquet(ObjectStore& parquet, const FilePages& named,
                                         const HourRange& hours, Timestamp young_since,
                                         const OnKey& on_key = {});

// What it means where one is missing, and what to do, for people.
inline constexpr std::string_view kParquetMissing =
    "the rows are in the tables, and only backfill --replace and why read these objects. sluice "
    "backfill --from HOUR --replace writes them again, by the DDL and the sluice that loaded them; "
    "or restore them from the bucket's versions";

// The quarantine objects of some hours that the ledger names and needs. Numbers of objects.
struct QuarantineComparison {
  uint64_t named = 0;                 // and needed (NamedFile)
  uint64_t missing = 0;               // of these, not in the store
  std::vector<std::string> examples;  // the first that are missing
};
Result<QuarantineComparison> CompareQuarantine(ObjectStore& quarantine, const FilePages& named,
                                               const HourRange& hours, const OnKey& on_key = {});

// What gc found in the Parquet store, and what it removed. Numbers of objects.
struct GcReport {
  uint64_t stored = 0;      // the next seven
  uint64_t named = 0;       // by the ledger
  uint64_t foreign = 0;     // by their keys or content no Parquet objects of this pipeline
  uint64_t unreadable = 0;  // not named; by their keys Parquet objects of a pipeline
  // The ledger names none of these:
  uint64_t young = 0;      // younger than the grace: they may be of a load that runs
  uint64_t unsettled = 0;  // of a raw object that the ledger does not have as loaded: a load may
                           // come that names them
  uint64_t current = 0;    // of the revision that loads now: a replace may take them up
  uint64_t orphans = 0;    // of nobody
  Bytes orphan_size;
  uint64_t removed = 0;
  uint64_t missing = 0;  // needed (NamedFile), and not in the store
  bool claimed = false;  // the caller claimed the store just before
  std::string refusal;   // why no orphan may be removed; empty: they may
  std::vector<std::string> orphan_examples, missing_examples;
};

enum class GcMode { kDryRun, kRemove };

struct GcOptions {
  GcMode mode = GcMode::kDryRun;
  Timestamp young_since;  // what was last modified after it is young
  std::string revision;   // RevisionOf this configuration
  std::string owner;      // whose the store must be: OwnerLine; empty: there is no ledger
  OnKey on_key = {};
};

// Finds the Parquet objects that no ledger row names and none ever will, and removes them, unless
// the store is not the owner's or somebody loads with another revision.
// docs/adr/0052 says why no running load can name what this removes.
Result<GcReport> CollectGarbage(ObjectStore& parquet, Warehouse& warehouse,
                                const GcOptions& options);

std::string ToJson(const GcReport& report);

}  // namespace sluice
