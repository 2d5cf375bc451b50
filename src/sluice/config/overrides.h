// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "sluice/config/config_problems.h"
#include "sluice/config/secret.h"
#include "sluice/config/yaml_tree.h"

namespace sluice {

// What overrules the file: flags overrule the environment.
struct ConfigOverrides {
  // SLUICE_ and the key in capitals with '_' for '.': SLUICE_LOAD_EVERY is load.every. An empty
  // value counts as none. Variables that begin like a section and name no key of it are an error
  // (SLUICE_LOAD_EVRY); all others are somebody else's (SLUICE_DEPS).
  Environment environment;
  std::map<std::string, std::string> flags;  // dotted key → value, of --set
};

// "load.every" → "SLUICE_LOAD_EVERY".
std::string VariableOf(std::string_view key);

// Puts the value at the dotted key into the tree, as if the file had it; messages will point to
// `origin`. A file that has something else than a map on the way stays as it is.
void SetScalar(YamlNode& root, std::string_view key, std::string value, std::string origin);

// `keys` are the dotted keys that can be set; those below tables: cannot.
void ApplyOverrides(YamlNode& root, const ConfigOverrides& overrides,
                    std::span<const std::string> keys, ConfigProblems& problems);

}  // namespace sluice
