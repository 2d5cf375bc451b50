// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/land/shard_entry.h"
#include "sluice/object/object_store.h"

namespace sluice {

// What was landed of one shard: numbered entries, each an object that is made once and never
// changed. Who makes the next one advances the shard; of several workers that try, one does, and
// the others learn that they did not (fault L19). Thread-safe.
class ShardLog {
 public:
  enum class Appended {
    kMine,
    kOthers,  // another worker has that number, or is past it: this shard is its to advance
  };

  // `checkpoints` outlives the log. `folder` is ShardLogFolder's.
  ShardLog(ObjectStore& checkpoints, std::string folder)
      : checkpoints_(checkpoints), folder_(std::move(folder)) {}

  // Nothing where there is none. Two calls of the store.
  Result<std::optional<ShardEntry>> Newest();

  // Durable when it returns. Old entries are taken away, and so a worker that slept while others
  // took many steps could make its entry anew; hence it looks behind itself, and an entry is the
  // worker's only where none is newer. Three calls of the store, and one for each old entry. After
  // kOutcomeUnknown the entry may be there: ask for the newest.
  Result<Appended> Append(const ShardEntry& entry);

 private:
  Result<ListPage> ListNewest(size_t limit);
  Result<std::optional<uint64_t>> NewestNumber();
  Result<std::string> Read(uint64_t number);

  ObjectStore& checkpoints_;
  const std::string folder_;
};

}  // namespace sluice
