// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/seed_files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>

#include "sluice/base/bytes.h"
#include "sluice/base/io.h"

namespace sluice {
namespace {

constexpr Bytes kLargestSeed = KiB(16);

std::optional<std::filesystem::path> Source() {
  const char* source = std::getenv("SLUICE_SOURCE");
  return source ? std::optional(std::filesystem::path(source)) : std::nullopt;
}

// In the order of their paths, so that a seed of the driver means the same everywhere.
std::vector<std::string> ReadAll(const std::set<std::filesystem::path>& paths) {
  std::vector<std::string> texts;
  for (const std::filesystem::path& path : paths) {
    if (!std::filesystem::is_regular_file(path)) continue;
    if (auto text = ReadFile(path, kLargestSeed)) texts.push_back(*std::move(text));
  }
  return texts;
}

std::set<std::filesystem::path> EntriesOf(const std::filesystem::path& folder) {
  std::set<std::filesystem::path> paths;
  if (!std::filesystem::is_directory(folder)) return paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.insert(entry.path());
  return paths;
}

}  // namespace

std::vector<std::string> GoldenSeeds(std::string_view kind, std::string_view file) {
  std::set<std::filesystem::path> paths;
  if (const auto source = Source()) {
    for (const auto& folder : EntriesOf(*source / "tests/golden" / kind)) {
      paths.insert(folder / file);
    }
  }
  return ReadAll(paths);
}

std::vector<std::string> SourceSeeds(const std::vector<std::string>& paths) {
  std::set<std::filesystem::path> all;
  if (const auto source = Source()) {
    for (const std::string& path : paths) all.insert(*source / path);
  }
  return ReadAll(all);
}

std::vector<std::string> WithPrefix(std::string_view prefix, std::vector<std::string> seeds) {
  for (std::string& seed : seeds) seed.insert(0, prefix);
  return seeds;
}

std::vector<std::string> CorpusSeeds(const std::string& folder) {
  return ReadAll(EntriesOf(folder));
}

}  // namespace sluice
