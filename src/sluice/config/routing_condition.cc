// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/routing_condition.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/base/json_text.h"

namespace sluice {
namespace {

constexpr size_t kDeepestPath = 32;

// RFC 8259 §6.
bool IsJsonNumber(std::string_view text) {
  size_t at = 0;
  const auto skip_digits = [&] {
    const size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at > start;
  };
  const auto skip = [&](std::string_view one_of) {
    const bool found = at < text.size() && one_of.find(text[at]) != std::string_view::npos;
    if (found) ++at;
    return found;
  };
  skip("-");
  if (!skip("0") && !skip_digits()) return false;
  if (skip(".") && !skip_digits()) return false;
  if (skip("eE")) {
    skip("+-");
    if (!skip_digits()) return false;
  }
  return at == text.size();
}

// Words that YAML 1.1 takes for a boolean, whatever their case.
bool LooksLikeBoolean(std::string_view text) {
  std::string folded(text);
  std::ranges::transform(folded, folded.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  for (std::string_view word : {"yes", "no", "on", "off", "true", "false"}) {
    if (folded == word) return true;
  }
  return false;
}

class WhenReader {
 public:
  explicit WhenReader(ConfigProblems& problems) : problems_(problems) {}

  void Has(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::kList && !node.items.empty()) {
      for (const YamlNode& item : node.items) HasOne(item);
    } else {
      HasOne(node);
    }
  }

  void Equals(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kMap || node.keys.empty()) {
      problems_.Add(node, "when.equals: wanted a map of paths and values, like {type: click}");
      return;
    }
    for (size_t i = 0; i < node.keys.size(); ++i) {
      Condition condition{.kind = Condition::Kind::kEquals};
      if (Take(node.keys[i], "when.equals", ParseFieldPath(node.keys[i].text), condition.path) &&
          Take(node.items[i], "when.equals", JsonLiteralOf(node.items[i]), condition.literal)) {
        conditions.push_back(std::move(condition));
      }
    }
  }

  std::vector<Condition> conditions;

 private:
  void HasOne(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kScalar) {
      problems_.Add(node, fmt::format("when.has: wanted a path or a list of them; found {}",
                                      Name(node.kind)));
      return;
    }
    Condition condition{.kind = Condition::Kind::kHas};
    if (Take(node, "when.has", ParseFieldPath(node.text), condition.path)) {
      conditions.push_back(std::move(condition));
    }
  }

  template <typename T>
  bool Take(const YamlNode& at, std::string_view key, Result<T> result, T& out) {
    if (!result) {
      problems_.Add(at, fmt::format("{}: {}", key, result.error().message()));
      return false;
    }
    out = std::move(*result);
    return true;
  }

  ConfigProblems& problems_;
};

}  // namespace

Result<FieldPath> ParseFieldPath(std::string_view text) {
  FieldPath path(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      path.emplace_back();
      continue;
    }
    if (text[i] == '\\') {
      ++i;
      if (i == text.size() || (text[i] != '.' && text[i] != '\\')) {
        return Fail(ErrorKind::kPermanent, "in a path a backslash stands before '.' or '\\': '{}'",
                    text);
      }
    }
    path.back() += text[i];
  }
  if (path.size() > kDeepestPath) {
    return Fail(ErrorKind::kPermanent, "a path has at most {} keys", kDeepestPath);
  }
  if (std::ranges::count(path, "") > 0) {
    return Fail(ErrorKind::kPermanent, "'{}' has an empty key; wanted a path like context.page.url",
                text);
  }
  return path;
}

Result<std::string> JsonLiteralOf(const YamlNode& value) {
  if (value.kind == YamlNode::Kind::kNull && value.text == "null") return "null";
  if (value.kind != YamlNode::Kind::kScalar) {
    return Fail(ErrorKind::kPermanent, "wanted one value; found {}", Name(value.kind));
  }
  if (!value.quoted) {
    if (value.text == "true" || value.text == "false" || IsJsonNumber(value.text)) {
      return value.text;
    }
    if (LooksLikeBoolean(value.text)) {
      return Fail(ErrorKind::kPermanent, "'{}' is not a boolean; write true or false, or quote it",
                  value.text);
    }
  }
  std::string literal;
  AppendJsonString(literal, value.text);
  return literal;
}

std::vector<Condition> ReadWhen(ConfigSection& entry, ConfigReading& reading) {
  const YamlNode* when = entry.Find("when");
  if (!when) {
    entry.Missing("when", "say which events, or any");
    return {};
  }
  if (when->kind == YamlNode::Kind::kScalar && when->text == "any") return {Condition{}};
  if (when->kind != YamlNode::Kind::kMap || when->keys.empty()) {
    entry.Wrong(*when, "when", "wanted any, {has: PATH} or {equals: {PATH: VALUE}}");
    return {};
  }
  WhenReader reader(reading.problems);
  ConfigSection section = entry.Section("when");
  if (const YamlNode* has = section.Find("has")) reader.Has(*has);
  if (const YamlNode* equals = section.Find("equals")) reader.Equals(*equals);
  section.RefuseOthers();
  return std::move(reader.conditions);
}

}  // namespace sluice
