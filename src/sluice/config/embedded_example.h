// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice {

// The files of examples/tracking, put into the binary when it is configured.
struct EmbeddedExample {
  static const std::string_view kConfig;     // sluice.yaml
  static const std::string_view kEventsDdl;  // events.sql
  static const std::string_view kUtmDdl;     // utm.sql
};

}  // namespace sluice
