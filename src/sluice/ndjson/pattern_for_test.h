// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regex.h>

#include <array>
#include <string>
#include <vector>

namespace sluice {

// A POSIX extended regular expression over a whole text: the grammar side of references in tests.
class Pattern {
 public:
  explicit Pattern(const std::string& pattern) {
    valid_ = regcomp(&compiled_, ("^(" + pattern + ")$").c_str(), REG_EXTENDED) == 0;
  }
  ~Pattern() {
    if (valid_) regfree(&compiled_);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // The text of each group, empty where it took no part; nothing where the text does not match.
  std::vector<std::string> Match(const std::string& text) const {
    std::array<regmatch_t, 20> found{};
    if (!valid_ || regexec(&compiled_, text.c_str(), found.size(), found.data(), 0) != 0) return {};
    std::vector<std::string> parts;
    for (size_t i = 1; i < found.size(); ++i) {
      const auto [begin, end] = found[i];
      parts.push_back(
          begin < 0 ? ""
                    : text.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
    }
    return parts;
  }

 private:
  regex_t compiled_;
  bool valid_;
};

}  // namespace sluice
