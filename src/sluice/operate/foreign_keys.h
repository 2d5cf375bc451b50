// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/object/object_names.h"
#include "sluice/object/object_store.h"

namespace sluice {

// Objects that no hour has, since the layout does not explain their keys: nobody will load them.
struct ForeignKeys {
  uint64_t count = 0;
  std::string example;   // the first that was met
  bool matches = false;  // a key beside them is as the layout says
  bool is_whole = true;  // false: the search was given up, there may be more
};

// Of the raw store but for `walked`, which are FoldersOf hours that somebody walks through anyway.
// Begins where the first of these hours is. Folder markers are none, nor is what sluice writes
// below _sluice/. Where an hour has more keys than a page, the rest of its folder is left out; so
// it takes a listing for each hour at most, and is given up after 200 more than `walked` has. `raw`
// only lists.
Result<ForeignKeys> FindForeign(ObjectStore& raw, const RawLayout& layout,
                                const std::vector<std::string>& walked);

}  // namespace sluice
