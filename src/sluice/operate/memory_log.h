// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/object/object_store.h"

namespace sluice {

// A text that a pipeline remembers, in numbered objects of the quarantine store, of which the
// newest counts; each is made once and never changed, and the last eight are kept. It is no table
// of the warehouse, for it must be there while that is down. `store` outlives it. One thread at a
// time.
class MemoryLog {
 public:
  // Its folder is MemoryFolder(what, pipeline).
  MemoryLog(ObjectStore& store, std::string_view what, std::string_view pipeline);

  // Empty where there is none yet.
  Result<std::string> Newest();
  // What Newest answered, for messages; or the folder.
  const std::string& key() const { return key_; }
  // Behind what Newest answered. kConflict: another process was quicker.
  Status Append(std::string_view text);

 private:
  ObjectStore& store_;
  const std::string folder_;
  std::string key_;
  uint64_t next_ = 0;
};

}  // namespace sluice
