// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sluice/base/result.h"

namespace sluice {

// The DuckDB shared library, loaded at the first call, so that programs start fast and those that
// never need it run without it. Looked for at the path in the environment variable
// SLUICE_DUCKDB_LIBRARY, beside the executable as libduckdb.so, and where it stood when sluice was
// built. Never unloaded. A handle for dlsym.
Result<void*> LoadDuckDbLibrary();

}  // namespace sluice
