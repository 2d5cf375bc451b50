// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice {

// The names of all folders below tests/golden/`kind`, in order. The tree is found by the
// environment variable SLUICE_SOURCE; without it there are none.
std::vector<std::string> CaseNames(std::string_view kind);

// What tests/golden/`kind`/`name` holds.
class CaseFolder {
 public:
  CaseFolder(std::string_view kind, std::string_view name);

  const std::string& path() const { return path_; }
  // Of the files in it, in order.
  std::vector<std::string> FileNames() const;
  bool Has(const std::string& file) const;

  // NAME.EXTENSION as it stands, or NAME.template expanded. Nothing where there is neither; an
  // error where there are both, or the template is wrong.
  Result<std::optional<std::string>> Text(const std::string& name,
                                          const std::string& extension) const;

 private:
  std::string path_;
};

// `text` with its macros replaced. ${repeat N TEXT} is TEXT, which holds no '}', N times; ${hex
// 00ff} is these bytes; what else begins with "${" is an error.
Result<std::string> ExpandTemplate(std::string_view text);

// The lines of `text`, whose last one may lack its end.
std::vector<std::string> LinesOf(std::string_view text);

// What a person needs to see of the first difference between the lines of `file` and those that
// came out; empty where there is none.
std::string FirstDifference(std::string_view file, const std::vector<std::string>& want,
                            const std::vector<std::string>& have);

}  // namespace sluice
