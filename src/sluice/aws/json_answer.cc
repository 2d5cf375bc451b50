// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/json_answer.h"

#include <simdjson.h>

namespace sluice {

using simdjson::dom::object;

std::string_view TextMember(const object& from, std::string_view name) {
  std::string_view text;
  return from.at_key(name).get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::vector<object> ObjectMembers(const object& from, std::string_view name) {
  std::vector<object> found;
  simdjson::dom::array array;
  if (from.at_key(name).get(array) != simdjson::SUCCESS) return found;
  for (const simdjson::dom::element item : array) {
    object member;
    if (item.get(member) == simdjson::SUCCESS) found.push_back(member);
  }
  return found;
}

}  // namespace sluice
