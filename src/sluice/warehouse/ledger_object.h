// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sluice/warehouse/load_plan.h"

namespace sluice {

// What the ledger says of one raw object: a version of a key.
struct LedgerObject {
  int64_t object = 0;    // ObjectIdentity::Id()
  std::string identity;  // ObjectIdentity::ToText()
  std::string raw_key;
  ObjectState state = ObjectState::kLoaded;
  std::string reason;  // one sentence, where it is not loaded
  uint64_t lines = 0, dropped = 0, loaded = 0, duplicates = 0, quarantined = 0;
  uint64_t accepted = 0;     // of the quarantined, given up; where the range asks for it
  bool lacks_table = false;  // it was loaded before the range's table was there
  std::string batch;         // that wrote the row
  std::string loaded_at;     // when, in UTC, as the warehouse spells it
};

// A page of them: of one raw store, in the order of (raw_key, object), keys by their bytes.
struct LedgerRange {
  std::string store;      // its URI
  std::string after_key;  // behind (after_key, after_object), of which objects are positive
  int64_t after_object = 0;
  std::string before_key;      // and keys less than this one; empty: no end
  std::string table;           // not empty: says which ones lack it
  bool with_accepted = false;  // reads sluice.quarantine too
  size_t limit = 1000;
};

}  // namespace sluice
