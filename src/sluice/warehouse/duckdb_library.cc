// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/duckdb_library.h"

#ifdef SLUICE_WITH_DUCKDB

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace sluice {
namespace {

std::vector<std::string> Candidates() {
  if (const char* path = std::getenv("SLUICE_DUCKDB_LIBRARY"); path != nullptr && *path != '\0') {
    return {path};  // who names one wants no other
  }
  std::vector<std::string> paths;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) paths.push_back((program.parent_path() / "libduckdb.so").string());
  paths.push_back(SLUICE_DUCKDB_LIBRARY);
  return paths;
}

}  // namespace

Result<void*> LoadDuckDbLibrary() {
  std::string tried;
  for (const std::string& path : Candidates()) {
    // NODELETE: DuckDB keeps memory in thread-local and global variables.
    if (void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) {
      return library;
    }
    const char* cause = ::dlerror();
    tried += fmt::format("{}{}", tried.empty() ? "" : "; ", cause != nullptr ? cause : path);
  }
  return Fail(ErrorKind::kPermanent,
              "cannot load the DuckDB library: {}; set SLUICE_DUCKDB_LIBRARY to the path of "
              "libduckdb.so",
              tried);
}

}  // namespace sluice

#else

namespace sluice {

Result<void*> LoadDuckDbLibrary() {
  return Fail(ErrorKind::kPermanent,
              "this sluice was built without DuckDB (SLUICE_WITH_DUCKDB=OFF): choose another "
              "warehouse, or build with it");
}

}  // namespace sluice

#endif
