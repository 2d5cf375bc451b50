// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace simdjson::dom {
class object;
}

namespace sluice {

// The members of what a service answers in its JSON protocol. Services leave out what is empty, so
// that what is not there, or of another type, is nothing.

// The text called `name`; empty where there is none. As long as the document is there.
std::string_view TextMember(const simdjson::dom::object& from, std::string_view name);

// The objects in the array called `name`.
std::vector<simdjson::dom::object> ObjectMembers(const simdjson::dom::object& from,
                                                 std::string_view name);

}  // namespace sluice
