// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// The files called `file` in all folders of tests/golden/`kind`, and files below the repository by
// their path; those over 16 KiB are left out. The repository is found by the environment variable
// SLUICE_SOURCE; without it there are none.
std::vector<std::string> GoldenSeeds(std::string_view kind, std::string_view file);
std::vector<std::string> SourceSeeds(const std::vector<std::string>& paths);

// `prefix` before each of them: for targets whose first bytes choose what is done.
std::vector<std::string> WithPrefix(std::string_view prefix, std::vector<std::string> seeds);

// All files below `folder` (which need not be there), by name.
std::vector<std::string> CorpusSeeds(const std::string& folder);

}  // namespace sluice
