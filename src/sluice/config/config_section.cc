// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/config_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "sluice/config/nearest_name.h"
#include "sluice/config/units.h"

namespace sluice {

ConfigSection::ConfigSection(const YamlNode* map, std::string path, ConfigReading& reading)
    : map_(map), path_(std::move(path)), reading_(reading) {
  if (!map_ || map_->kind == YamlNode::Kind::kMap) return;
  // A section whose keys are all commented out is an empty one.
  if (map_->kind != YamlNode::Kind::kNull) {
    reading_.problems.Add(
        *map_, fmt::format("{}: wanted a map of keys; found {}", path_, Name(map_->kind)));
    map_ = nullptr;
  }
}

const YamlNode& ConfigSection::place() const {
  static const YamlNode nowhere;
  return map_ ? *map_ : nowhere;
}

bool ConfigSection::HasAny(std::initializer_list<std::string_view> keys) const {
  return map_ && std::ranges::any_of(
                     keys, [this](std::string_view key) { return map_->Find(key) != nullptr; });
}

const YamlNode* ConfigSection::Find(std::string_view key) {
  known_.emplace_back(key);
  const YamlNode* node = map_ ? map_->Find(key) : nullptr;
  if (node) reading_.places.insert_or_assign(PathOf(key), reading_.problems.PlaceOf(*node));
  return node;
}

ConfigSection ConfigSection::Section(std::string_view key) {
  return ConfigSection(Find(key), PathOf(key), reading_);
}

const YamlNode* ConfigSection::Scalar(std::string_view key) {
  reading_.scalar_keys.push_back(PathOf(key));
  const YamlNode* node = Find(key);
  if (!node) return nullptr;
  if (node->kind == YamlNode::Kind::kScalar && !node->text.empty()) return node;
  const bool empty = node->kind == YamlNode::Kind::kNull || node->kind == YamlNode::Kind::kScalar;
  Wrong(*node, key,
        empty ? "has no value" : fmt::format("wanted one value; found {}", Name(node->kind)));
  return nullptr;
}

bool ConfigSection::Text(std::string_view key, std::string& out) {
  const YamlNode* node = Scalar(key);
  if (!node) return false;
  if (std::ranges::any_of(node->text, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    Wrong(*node, key, "holds a control character");
    return false;
  }
  out = node->text;
  return true;
}

bool ConfigSection::Size(std::string_view key, Bytes& out) {
  const YamlNode* node = Scalar(key);
  if (!node) return false;
  const Result<Bytes> size = ParseBytes(node->text);
  if (!size) {
    Wrong(*node, key, size.error().message());
  } else if (size->count == 0) {
    Wrong(*node, key, "must be more than nothing");
  } else {
    out = *size;
    return true;
  }
  return false;
}

bool ConfigSection::Duration(std::string_view key, std::chrono::milliseconds& out,
                             std::chrono::milliseconds least) {
  const YamlNode* node = Scalar(key);
  if (!node) return false;
  const Result<std::chrono::milliseconds> duration = ParseDuration(node->text);
  if (!duration) {
    Wrong(*node, key, duration.error().message());
  } else if (*duration < least) {
    Wrong(*node, key, fmt::format("must be at least {}ms", least.count()));
  } else {
    out = *duration;
    return true;
  }
  return false;
}

bool ConfigSection::Share(std::string_view key, double& out) {
  const YamlNode* node = Scalar(key);
  if (!node) return false;
  const Result<double> share = ParseShare(node->text);
  if (!share) {
    Wrong(*node, key, share.error().message());
    return false;
  }
  out = *share;
  return true;
}

bool ConfigSection::Number(std::string_view key, int& out, int least, int most,
                           std::string_view word) {
  const YamlNode* node = Scalar(key);
  if (!node) return false;
  if (!word.empty() && node->text == word) {
    out = 0;
    return true;
  }
  int number = 0;
  const char* end = node->text.data() + node->text.size();
  const auto [stop, error] = std::from_chars(node->text.data(), end, number);
  if (error != std::errc() || stop != end || number < least || number > most) {
    Wrong(*node, key,
          fmt::format("found '{}'; wanted a whole number from {} to {}{}{}", node->text, least,
                      most, word.empty() ? "" : ", or ", word));
    return false;
  }
  out = number;
  return true;
}

bool ConfigSection::SecretText(std::string_view key, Secret& out) {
  const YamlNode* node = Scalar(key);
  return node && Resolve(*node, key, out);
}

bool ConfigSection::SecretWhenNeeded(std::string_view key, const std::string& region,
                                     SecretSetting& out) {
  const YamlNode* node = Scalar(key);
  if (!node) return false;
  if (!IsKeptReference(node->text)) {
    Secret secret;
    if (!Resolve(*node, key, secret)) return false;
    out = std::move(secret);
    return true;
  }
  Result<KeptSecret> kept = ParseKeptSecret(node->text, region);
  if (!kept) {
    Wrong(*node, key, kept.error().message());
    return false;
  }
  out = std::move(*kept);
  return true;
}

bool ConfigSection::Resolve(const YamlNode& node, std::string_view key, Secret& out) {
  std::string reference = node.text;
  if (reference.starts_with("file:")) {
    reference = "file:" + (std::filesystem::path(reading_.folder) / reference.substr(5)).string();
  }
  Result<Secret> secret = reading_.secrets.Resolve(reference);
  if (!secret) {
    Wrong(node, key, secret.error().message());
    return false;
  }
  out = std::move(*secret);
  return true;
}

void ConfigSection::Missing(std::string_view key, std::string_view advice) {
  reading_.problems.Add(
      place(), fmt::format("'{}' is missing{}{}", PathOf(key), advice.empty() ? "" : "; ", advice));
}

void ConfigSection::Wrong(const YamlNode& at, std::string_view key, std::string_view message) {
  reading_.problems.Add(at, fmt::format("{}: {}", PathOf(key), message));
}

void ConfigSection::WrongHere(std::string_view message) {
  reading_.problems.Add(place(), fmt::format("{}: {}", path_, message));
}

void ConfigSection::RefuseOthers() {
  if (!map_) return;
  for (const YamlNode& key : map_->keys) {
    if (std::ranges::count(known_, key.text) > 0) continue;
    reading_.problems.Add(
        key, fmt::format("unknown key '{}'{}", PathOf(key.text), DidYouMean(key.text, known_)));
  }
}

std::string ConfigSection::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

}  // namespace sluice
