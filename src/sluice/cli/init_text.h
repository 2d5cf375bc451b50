// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/ndjson/event_converter.h"
#include "sluice/operate/init_files.h"

namespace sluice {

// What `init` made.
struct InitReport {
  Proposal proposal;              // without a sample, or with DDL, only its counts say something
  std::vector<std::string> cuts;  // what of the sample was not read; one sentence for each file
  std::vector<InitTable> tables;
  // The sample through the conversion as it is now configured; zeros where there is none.
  ConversionCounts counts;
  uint64_t broken = 0;                     // lines that are no events
  std::map<std::string, uint64_t> faults;  // reason → lines that go to quarantine
  std::vector<std::string> files;          // sluice.yaml last
};

std::string ToText(const InitReport& report);
std::string ToJson(const InitReport& report);

}  // namespace sluice
