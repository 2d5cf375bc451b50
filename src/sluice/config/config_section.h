// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/config/config_problems.h"
#include "sluice/config/kept_secret.h"
#include "sluice/config/secret.h"
#include "sluice/config/yaml_tree.h"

namespace sluice {

// What the reading of one configuration shares.
struct ConfigReading {
  ConfigProblems& problems;
  const SecretSource& secrets;
  std::string folder;  // what relative paths begin at; absolute
  // The dotted keys of all scalars that were asked for, given or not: what may be set from the
  // environment and by flags.
  std::vector<std::string> scalar_keys;
  // Where each known key stands that is given, outside of tables.
  std::map<std::string, std::string> places;
};

// One map of the configuration, or the absence of one. Each reader below leaves `out` as it was
// and answers false where the key is not there, or its value is wrong, which is then among the
// problems. Calls must match: (reader | Section)* RefuseOthers. `reading` and the tree outlive it.
class ConfigSection {
 public:
  // `map` may be null. `path` is the dotted key, empty for the whole file.
  ConfigSection(const YamlNode* map, std::string path, ConfigReading& reading);

  bool is_given() const { return map_ != nullptr; }
  // Is one of `keys` there, rightly or wrongly?
  bool HasAny(std::initializer_list<std::string_view> keys) const;
  // Where to point when something is missing.
  const YamlNode& place() const;
  const YamlNode* Find(std::string_view key);
  ConfigSection Section(std::string_view key);

  bool Text(std::string_view key, std::string& out);
  bool Size(std::string_view key, Bytes& out);
  bool Duration(std::string_view key, std::chrono::milliseconds& out,
                std::chrono::milliseconds least);
  bool Share(std::string_view key, double& out);
  // `word` (may be empty) stands for 0.
  bool Number(std::string_view key, int& out, int least, int most, std::string_view word = "");
  // A reference, resolved.
  bool SecretText(std::string_view key, Secret& out);
  // The same, or one to what Secrets Manager keeps, in `region` where it does not say another:
  // understood, but not fetched.
  bool SecretWhenNeeded(std::string_view key, const std::string& region, SecretSetting& out);
  template <typename T>
  bool Choice(std::string_view key, T& out,
              std::initializer_list<std::pair<std::string_view, T>> choices);

  // Says that `key` must be given.
  void Missing(std::string_view key, std::string_view advice = "");
  void Wrong(const YamlNode& at, std::string_view key, std::string_view message);
  // About the section itself.
  void WrongHere(std::string_view message);
  // Every key that was not asked for is a problem.
  void RefuseOthers();

 private:
  std::string PathOf(std::string_view key) const;
  // The scalar of `key`; says what is wrong with anything else.
  const YamlNode* Scalar(std::string_view key);
  bool Resolve(const YamlNode& node, std::string_view key, Secret& out);

  const YamlNode* map_;
  const std::string path_;
  ConfigReading& reading_;
  std::vector<std::string> known_;
};

template <typename T>
bool ConfigSection::Choice(std::string_view key, T& out,
                           std::initializer_list<std::pair<std::string_view, T>> choices) {
  const YamlNode* node = Scalar(key);
  if (!node) return false;
  std::string wanted;
  for (const auto& [name, value] : choices) {
    if (node->text == name) {
      out = value;
      return true;
    }
    wanted.append(wanted.empty() ? "" : ", ").append(name);
  }
  Wrong(*node, key, "found '" + node->text + "'; wanted one of: " + wanted);
  return false;
}

}  // namespace sluice
