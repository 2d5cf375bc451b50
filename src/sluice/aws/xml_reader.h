// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice {

// An element of an XML answer: no attributes, text and children apart.
struct XmlElement {
  std::string name;  // as it is written, with its prefix
  std::string text;  // its own, references resolved
  std::vector<XmlElement> children;

  // The first of that name; null where there is none.
  const XmlElement* Child(std::string_view child) const;
  // What stands at the end of a path of names from here, as "Error/Code"; empty where nothing does.
  std::string_view TextAt(std::string_view path) const;
};

struct XmlLimits {
  size_t bytes = size_t{16} << 20;
  size_t elements = 100'000;
  size_t depth = 16;
};

// The root of a document (XML 1.0, UTF-8). kBadData, with line and column, where it is none, goes
// beyond the limits, or has a document type: answers have none, and entities are how small
// documents become large ones.
Result<XmlElement> ParseXml(std::string_view text, const XmlLimits& limits = {});

}  // namespace sluice
