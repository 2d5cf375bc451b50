// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/required_parts.h"

#include <fmt/format.h>

namespace sluice {
namespace {

struct PartState {
  std::string_view key;
  bool is_configured;
};

PartState StateOf(const PipelineConfig& config, ConfigPart part) {
  const auto is_set = [](const Location& location) {
    return location.kind != Location::Kind::kNone;
  };
  switch (part) {
    case ConfigPart::kSource:
      return {"source", is_set(config.source.location)};
    case ConfigPart::kRaw:
      return {"raw", is_set(config.raw.location)};
    case ConfigPart::kNotifications:
      return {"raw.notifications", is_set(config.raw.notifications)};
    case ConfigPart::kParquet:
      return {"parquet", is_set(config.parquet.location)};
    case ConfigPart::kQuarantine:
      return {"quarantine", is_set(config.quarantine.location)};
    case ConfigPart::kWarehouse:
      return {"warehouse", config.warehouse.target.index() != 0};
  }
  return {"?", false};
}

}  // namespace

Status RequireParts(const PipelineConfig& config, std::string_view command,
                    std::initializer_list<ConfigPart> parts) {
  std::string missing;
  for (ConfigPart part : parts) {
    const PartState state = StateOf(config, part);
    if (state.is_configured) continue;
    missing.append(missing.empty() ? "" : ", ").append(state.key);
  }
  if (missing.empty()) return {};
  return Fail(ErrorKind::kPermanent, "{}: '{}' needs what is not configured: {}", config.origin,
              command, missing);
}

}  // namespace sluice
