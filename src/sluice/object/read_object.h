// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/base/result.h"
#include "sluice/object/object_store.h"

namespace sluice {

// The content of a small object. Of one that is longer than `most` no more than that and one buffer
// is read, so that whoever parses it sees that it is too long. As ObjectStore::Open.
Result<std::string> ReadObject(ObjectStore& store, const std::string& key, size_t most);

}  // namespace sluice
