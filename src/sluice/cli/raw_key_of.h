// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/object/object_names.h"

namespace sluice {

// The key of a raw object that a person names: by the key itself, by its address in the store of
// this URI, or where that is a folder by a path into it. Empty: the store itself, which is no
// object. Anything else is answered as it is, and first of all what is a key by its form.
std::string RawKeyOf(const std::string& raw_uri, const RawLayout& layout, const std::string& named);

}  // namespace sluice
