// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "sluice/base/result.h"
#include "sluice/object/object_store.h"
#include "sluice/operate/alerts.h"

namespace sluice {

// Where it is kept what the webhook was told: numbered objects of the quarantine store, of which
// the newest counts; each is made once and never changed, and the last eight are kept. It is no
// table of the warehouse, for it must be there while that is down. `store` outlives it. One thread
// at a time.
class AlertLog {
 public:
  AlertLog(ObjectStore& store, std::string_view pipeline);

  // Nothing told where there is none yet.
  Result<AlertMemory> Newest();
  // Behind what Newest answered. kConflict: another process was quicker, and told the same.
  Status Append(const AlertMemory& memory);

 private:
  ObjectStore& store_;
  const std::string folder_;
  uint64_t next_ = 0;
};

}  // namespace sluice
