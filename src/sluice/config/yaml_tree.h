// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice {

// A value of a YAML file and the place where it stands.
struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;     // kScalar; of a kNull "null" where it was written out
  bool quoted = false;  // kScalar: a text whatever it looks like
  // kList: the items. kMap: the values, each with its key at the same index of `keys`.
  std::vector<YamlNode> items;
  std::vector<YamlNode> keys;  // scalars
  int line = 0, column = 0;    // from 1
  std::string
      origin;  // of a value that is not from the file: "SLUICE_LOAD_EVERY", "--set load.every"

  // The value of `key`; null where there is none, or where this is not a map.
  const YamlNode* Find(std::string_view key) const;
};

// What a kind is called in messages: "a map", "a list", "a text", "nothing".
std::string_view Name(YamlNode::Kind kind);

// Reads one YAML 1.2 document: maps with scalar keys, lists and scalars. Anchors, aliases and tags
// are refused, since configuration needs none of them and they can make a small file large; keys
// that occur twice and NUL characters too. A byte order mark is skipped. Errors are kPermanent and
// one line, "`file`:line:column: …". An empty text gives a kNull. Fuzzed. Limits: 1 MiB, 64 levels.
Result<YamlNode> ParseYaml(std::string_view text, std::string_view file);

}  // namespace sluice
