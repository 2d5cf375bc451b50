// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/config/config_section.h"
#include "sluice/config/pipeline_config.h"

namespace sluice {

enum class NeedsRegion { kNo, kYes };

// `region:` and `endpoint:` of one AWS service; `region` is the pipeline's, for want of an own one.
void ReadService(ConfigSection& section, const std::string& region, NeedsRegion needs,
                 ServiceOptions& service);

// `assume_role:` of the section; nothing where there is none.
std::optional<AssumeRole> ReadAssumeRole(ConfigSection& section);

// `secretsmanager:`, whose region is the pipeline's for want of an own one.
void ReadSecretsManager(ConfigSection section, const std::string& region,
                        SecretsManagerConfig& config);

// `bucket_owner:`, `kms_key:` and `part_size:` of a store.
void ReadBucket(ConfigSection& section, StoreConfig& store);

}  // namespace sluice
