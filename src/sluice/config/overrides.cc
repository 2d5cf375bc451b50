// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sluice/config/nearest_name.h"

namespace sluice {
namespace {

constexpr std::string_view kPrefix = "SLUICE_";

YamlNode Unplaced(const std::string& origin) {
  return {.origin = origin};
}

void ApplyEnvironment(YamlNode& root, const Environment& environment,
                      std::span<const std::string> keys, ConfigProblems& problems) {
  std::vector<std::string> variables;                   // one for each key
  std::set<std::string> sections = {"SLUICE_TABLES_"};  // how variables of a section begin
  for (const std::string& key : keys) {
    variables.push_back(VariableOf(key));
    const size_t dot = key.find('.');
    if (dot != std::string::npos) sections.insert(VariableOf(key.substr(0, dot)) + "_");
  }
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kPrefix) || value.empty()) continue;
    const auto found = std::ranges::find(variables, name);
    if (found != variables.end()) {
      const auto index = static_cast<size_t>(found - variables.begin());
      SetScalar(root, keys[index], value, name);
    } else if (std::ranges::any_of(sections, [&name = name](const std::string& section) {
                 return name.starts_with(section) && name != section;
               })) {
      problems.Add(Unplaced(name),
                   fmt::format("no key has this variable{}", DidYouMean(name, variables)));
    }
  }
}

}  // namespace

std::string VariableOf(std::string_view key) {
  std::string variable(kPrefix);
  for (char c : key) {
    variable += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return variable;
}

void SetScalar(YamlNode& root, std::string_view key, std::string value, std::string origin) {
  YamlNode* node = &root;
  while (true) {
    if (node->kind == YamlNode::Kind::kNull)
      *node = {.kind = YamlNode::Kind::kMap, .origin = origin};
    if (node->kind != YamlNode::Kind::kMap) return;
    const std::string_view step = key.substr(0, key.find('.'));
    const auto same = std::ranges::find(node->keys, step, &YamlNode::text);
    const auto index = static_cast<size_t>(same - node->keys.begin());
    if (same == node->keys.end()) {
      node->keys.push_back(
          {.kind = YamlNode::Kind::kScalar, .text = std::string(step), .origin = origin});
      node->items.push_back(Unplaced(origin));
    }
    node = &node->items[index];
    if (step.size() == key.size()) break;
    key.remove_prefix(step.size() + 1);
  }
  *node = {.kind = YamlNode::Kind::kScalar, .text = std::move(value), .origin = std::move(origin)};
}

void ApplyOverrides(YamlNode& root, const ConfigOverrides& overrides,
                    std::span<const std::string> keys, ConfigProblems& problems) {
  ApplyEnvironment(root, overrides.environment, keys, problems);
  for (const auto& [key, value] : overrides.flags) {
    const std::string origin = "--set " + key;
    if (std::ranges::find(keys, key) != keys.end()) {
      SetScalar(root, key, value, origin);
    } else if (key.starts_with("tables")) {
      problems.Add(Unplaced(origin), "tables are described in the file only");
    } else {
      problems.Add(Unplaced(origin), fmt::format("unknown key{}", DidYouMean(key, keys)));
    }
  }
}

}  // namespace sluice
