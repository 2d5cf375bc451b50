// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"

namespace sluice {

// Makes an empty database at `path`, where there is none: under the name PATH.new until it is whole
// and on the disk, so that a process that dies while DuckDB makes it leaves no half file that
// nobody can open, and a loss of power takes no name of a file that holds commits. `memory` is what
// DuckDB may use meanwhile. The caller holds the warehouse's lock.
Status MakeDuckDbFile(const std::string& path, Bytes memory);

}  // namespace sluice
