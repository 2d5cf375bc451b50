// SPDX-License-Identifier: Apache-2.0
// Any text as YAML: a tree within the limits, or an error that says where.
#include <set>

#include "sluice/base/utf8.h"
#include "sluice/config/yaml_tree.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/places.h"
#include "tests/fuzz/seed_files.h"

namespace sluice {
namespace {

void CheckText(const YamlNode& node) {
  SLUICE_CHECK(IsUtf8(node.text) && node.text.find('\0') == std::string::npos);
}

void CheckNode(const YamlNode& node, int depth) {
  SLUICE_CHECK(depth <= 64);
  CheckText(node);
  const bool is_map = node.kind == YamlNode::Kind::kMap;
  SLUICE_CHECK(node.keys.size() == (is_map ? node.items.size() : 0));
  SLUICE_CHECK(is_map || node.kind == YamlNode::Kind::kList || node.items.empty());
  std::set<std::string> seen;
  for (const YamlNode& key : node.keys) {
    SLUICE_CHECK(key.kind == YamlNode::Kind::kScalar && seen.insert(key.text).second);
    CheckText(key);
  }
  for (const YamlNode& item : node.items) CheckNode(item, depth + 1);
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> seeds = SourceSeeds({"examples/tracking/sluice.yaml"});
  for (std::string& seed : GoldenSeeds("convert", "sluice.yaml")) seeds.push_back(std::move(seed));
  return seeds;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const std::string_view text = FuzzInput(data, size).Rest();
  const auto root = ParseYaml(text, "f.yaml");
  if (root) {
    CheckNode(*root, 0);
  } else {
    SLUICE_CHECK(root.error().kind() == ErrorKind::kPermanent);
    CheckPlaces(root.error().message(), "f.yaml", text);
  }
  return 0;
}
