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
  Proposal proposal;  // without a sample, or with DDL, only its counts say something
  bool is_whole_sample = true;
  std::vector<InitTable> tables;
  // The sample through the conversion as it is now configured; zeros where there is none.
  ConversionCounts counts;
  std::map<std::string, uint64_t> faults;  // reason → events that go to quarantine
  std::vector<std::string> files;          // sluice.yaml last
};

std::string ToText(const InitReport& report);
std::string ToJson(const InitReport& report);

}  // namespace sluice
