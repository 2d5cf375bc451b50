// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "sluice/base/bytes.h"
#include "sluice/base/utf8.h"

namespace sluice {
namespace {

constexpr Bytes kLargestText = MiB(1);
constexpr size_t kDeepest = 64;

// Leaves yaml-cpp's parser, which knows no other way out; caught in ParseYaml.
struct Refusal {
  int line, column;  // from 1
  std::string why;
};

[[noreturn]] void Refuse(const YAML::Mark& mark, std::string why) {
  throw Refusal{mark.line + 1, mark.column + 1, std::move(why)};
}

// Builds the tree from the parser's events.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  YamlNode TakeRoot() { return std::move(root_); }
  // The map or list that is open; null: none is.
  const YamlNode* open() const { return open_.empty() ? nullptr : &open_.back().node; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Check(mark, "", anchor);
    const auto at = std::min(static_cast<size_t>(std::max(mark.pos, 0)), text_.size());
    const bool written = text_.substr(at).starts_with("null");
    Add(mark, {.text = written ? "null" : ""});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { Refuse(mark, kNoAnchors); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Check(mark, tag, anchor);
    if (value.find('\0') != std::string::npos) Refuse(mark, "a NUL character in a text");
    // What yaml-cpp 0.7 makes of these two escapes.
    if (!IsUtf8(value)) Refuse(mark, "write the character itself in place of \\N or \\_");
    Add(mark, {.kind = YamlNode::Kind::kScalar, .text = value, .quoted = tag == "!"});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Check(mark, tag, anchor);
    Open(mark, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Check(mark, tag, anchor);
    Open(mark, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  static constexpr const char* kNoAnchors =
      "anchors and aliases are not accepted here; write the value out";

  struct Level {
    YamlNode node;
    std::set<std::string> seen;  // keys of a map
  };

  static void Check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) Refuse(mark, kNoAnchors);
    // yaml-cpp gives "?" to plain values and "!" to quoted ones.
    if (!tag.empty() && tag != "?" && tag != "!") {
      Refuse(mark, "tags are not accepted here; quote a value that is a text");
    }
  }

  static YamlNode At(const YAML::Mark& mark, YamlNode node) {
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  void Open(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (open_.size() == kDeepest) Refuse(mark, "deeper than 64 levels");
    open_.push_back({At(mark, {.kind = kind}), {}});
  }

  void Close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    Put(std::move(node));
  }

  void Add(const YAML::Mark& mark, YamlNode node) { Put(At(mark, std::move(node))); }

  void Put(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& [parent, seen] = open_.back();
    if (parent.kind == YamlNode::Kind::kList || parent.keys.size() > parent.items.size()) {
      parent.items.push_back(std::move(node));
      return;
    }
    if (node.kind != YamlNode::Kind::kScalar) {
      throw Refusal{node.line, node.column, "a key must be a text"};
    }
    if (!seen.insert(node.text).second) {
      throw Refusal{node.line, node.column,
                    fmt::format("the key '{}' stands here twice", node.text)};
    }
    parent.keys.push_back(std::move(node));
  }

  const std::string_view text_;
  YamlNode root_;
  std::vector<Level> open_;
};

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text == key) return &items[i];
  }
  return nullptr;
}

std::string_view Name(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return "a text";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return "?";
}

Result<YamlNode> ParseYaml(std::string_view text, std::string_view file) {
  if (text.size() > kLargestText.count) {
    return Fail(ErrorKind::kPermanent, "{}:1:1: longer than 1 MiB", file);
  }
  if (!IsUtf8(text) || text.find('\0') != std::string_view::npos) {
    return Fail(ErrorKind::kPermanent, "{}:1:1: not UTF-8 text; save the file as UTF-8", file);
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  TreeBuilder builder(text);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    YamlNode root = builder.TakeRoot();
    TreeBuilder second(text);
    if (parser.HandleNextDocument(second)) {
      const YamlNode node = second.TakeRoot();
      return Fail(ErrorKind::kPermanent, "{}:{}:{}: a second document; wanted one", file, node.line,
                  node.column);
    }
    return root;
  } catch (const Refusal& refusal) {
    return Fail(ErrorKind::kPermanent, "{}:{}:{}: {}", file, refusal.line, refusal.column,
                WithoutControls(refusal.why));
  } catch (const YAML::Exception& error) {
    const bool never_ends = error.msg == YAML::ErrorMsg::END_OF_MAP_FLOW ||
                            error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW;
    if (const YamlNode* const opened = builder.open(); never_ends && opened != nullptr) {
      return Fail(ErrorKind::kPermanent, "{}:{}:{}: {} that begins here and has no end", file,
                  opened->line, opened->column, Name(opened->kind));
    }
    return Fail(ErrorKind::kPermanent, "{}:{}:{}: {}", file, error.mark.line + 1,
                error.mark.column + 1, WithoutControls(error.msg));
  } catch (const std::exception& error) {
    return Fail(ErrorKind::kPermanent, "{}: {}", file, error.what());
  }
}

}  // namespace sluice
