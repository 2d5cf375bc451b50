// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config_section.h"
#include "sluice/config/pipeline_config.h"
#include "sluice/schema/table.h"

namespace sluice {

// A file with DDL that a configuration names.
struct DdlFile {
  std::string name;  // for messages
  std::string text;
};
// Opens the file that stands behind `ddl:`, by the path as written there.
using DdlOpener = std::function<Result<DdlFile>(const std::string& path)>;

// Reads `tables:`, a list of tables and of rules that drop. What is wrong becomes a problem of
// `reading`, in the DDL too; what is doubtful a sentence in `warnings`. `warehouse` is where the
// tables are.
std::shared_ptr<const TableSet> ReadTables(const YamlNode& tables, const DdlOpener& open_ddl,
                                           const WarehouseConfig& warehouse, ConfigReading& reading,
                                           std::vector<std::string>& warnings);

}  // namespace sluice
