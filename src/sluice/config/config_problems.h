// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/yaml_tree.h"

namespace sluice {

// Everything that is wrong with one configuration, each with its place, so that a person can mend
// it in one go.
class ConfigProblems {
 public:
  // `file` names the configuration in messages.
  explicit ConfigProblems(std::string file) : file_(std::move(file)) {}

  // "`place of at`: `message`".
  void Add(const YamlNode& at, std::string_view message);
  // `text` names a place of its own, in another file; `at` leads there.
  void AddFrom(const YamlNode& at, std::string text);

  // "sluice.yaml:3:5", or the variable or flag that the value came from.
  std::string PlaceOf(const YamlNode& at) const;

  bool empty() const { return problems_.empty(); }
  // One problem a line, in the order of the file.
  Error ToError() const;

 private:
  struct Problem {
    int line, column;
    std::string text;
  };
  const std::string file_;
  std::vector<Problem> problems_;
};

}  // namespace sluice
