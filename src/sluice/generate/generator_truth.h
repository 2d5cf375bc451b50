// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sluice {

// What must become of the events of one table: in = loaded + duplicates + quarantined.
struct GeneratedTable {
  std::string table;
  uint64_t in = 0;
  uint64_t loaded = 0;      // different identities among the events that are no fault
  uint64_t duplicates = 0;  // of them
  uint64_t quarantined = 0;
};

// What was made, known by construction and never by converting it:
// events = Σ in + no_route. The balance of a run is compared with it.
struct GeneratorTruth {
  uint64_t seed = 0;
  uint64_t events = 0;    // not-JSON messages too: each lands as one line
  uint64_t messages = 0;  // 0 where events were taken one by one
  uint64_t bytes = 0;     // of bodies or lines, without line ends
  uint64_t no_route = 0;
  std::vector<GeneratedTable> tables;  // in the order of the TableSet
  // Quarantined events by reason, those without a route included. Not-JSON messages count as
  // "not_json_message"; as lines of a file their reason is not_json or invalid_utf8.
  std::map<std::string, uint64_t, std::less<>> reasons;
  // For information; each of these is in the counts above too.
  uint64_t late = 0, reordered = 0, unusual = 0, repeated = 0, differing = 0;

  std::string ToJson() const;
};

}  // namespace sluice
