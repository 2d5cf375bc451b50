// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/config/overrides.h"
#include "sluice/config/pipeline_config.h"
#include "sluice/config/secret.h"
#include "sluice/config/table_section.h"

namespace sluice {

// Reads sluice.yaml and the DDL that it names; examples/tracking/sluice.yaml shows one,
// pipeline_config.h says what there is. Paths in it are relative to its folder. The error holds
// every problem, one a line, each with "`path`:line:column:" or the variable or flag that it comes
// from. kNotFound where there is no such file, else kPermanent.
Result<PipelineConfig> LoadConfig(const std::string& path, const SecretSource& secrets,
                                  const ConfigOverrides& overrides = {});

// The same for who lands and does nothing else: `tables` are not read, so their DDL need not be
// there, and there are none; secrets are not looked up, for landing needs none: those of this
// machine are empty.
Result<PipelineConfig> LoadLandingConfig(const std::string& path,
                                         const ConfigOverrides& overrides = {});

// A configuration as LoadConfig has it before it is understood.
struct ConfigText {
  std::string origin;     // names it in messages
  std::string folder;     // what its paths begin at; absolute
  std::string_view text;  // of the file
  DdlOpener open_ddl;     // opens what `ddl:` names; none: tables are not read
};

// The same without a disk. Whatever the text is, the answer is a configuration or its problems;
// fuzzed. Limits: those of ParseYaml and of the DDL.
Result<PipelineConfig> ParseConfig(const ConfigText& config, const SecretSource& secrets,
                                   const ConfigOverrides& overrides = {});

// What runs where there is no sluice.yaml: the tables of examples/tracking, with everything
// embedded in `folder`, and whatever `overrides` say.
Result<PipelineConfig> LoadEmbedded(const std::string& folder, const SecretSource& secrets,
                                    const ConfigOverrides& overrides = {});

}  // namespace sluice
