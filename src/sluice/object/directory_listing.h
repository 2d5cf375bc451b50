// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sluice/object/directory_root.h"
#include "sluice/object/object_store.h"

namespace sluice {

// ObjectStore::List for a directory: regular files whose path is a legal key, in the byte order of
// whole keys ("a-b" before "a/b", because '-' is less than '/'). Memory: `limit` + 1 names for each
// level of folders, however many files a folder holds; each page reads the folders that it touches
// again.
Result<ListPage> ListDirectory(const DirectoryRoot& root, std::string_view prefix,
                               std::string_view after, size_t limit);

}  // namespace sluice
