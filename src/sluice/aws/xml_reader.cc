// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/xml_reader.h"

#include <expat.h>

#include <algorithm>
#include <memory>

namespace sluice {
namespace {

struct Frees {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

// Builds the tree while expat reads; the open elements are on a stack, each within the one before
// it when it is closed.
class Builder {
 public:
  Builder(XML_Parser parser, const XmlLimits& limits) : parser_(parser), limits_(limits) {
    XML_SetUserData(parser, this);
    XML_SetElementHandler(parser, OnStart, OnEnd);
    XML_SetCharacterDataHandler(parser, OnText);
    XML_SetStartDoctypeDeclHandler(
        parser, [](void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
          Of(self).Refuse("it has a document type");
        });
  }

  XmlElement& root() { return root_; }
  std::string_view why() const { return why_; }

 private:
  static Builder& Of(void* self) { return *static_cast<Builder*>(self); }

  static void OnStart(void* self, const XML_Char* name, const XML_Char**) {
    Builder& builder = Of(self);
    if (builder.open_.size() == builder.limits_.depth) return builder.Refuse("it is too deep");
    if (++builder.elements_ > builder.limits_.elements) {
      return builder.Refuse("it has too many elements");
    }
    builder.open_.push_back({.name = name});
  }
  static void OnEnd(void* self, const XML_Char*) {
    Builder& builder = Of(self);
    if (!builder.why_.empty()) return;  // it may be called for what was refused
    XmlElement closed = std::move(builder.open_.back());
    builder.open_.pop_back();
    if (builder.open_.empty()) {
      builder.root_ = std::move(closed);
    } else {
      builder.open_.back().children.push_back(std::move(closed));
    }
  }
  static void OnText(void* self, const XML_Char* text, int size) {
    std::vector<XmlElement>& open = Of(self).open_;
    if (!open.empty()) open.back().text.append(text, static_cast<size_t>(size));
  }

  void Refuse(std::string_view why) {
    why_ = why;
    XML_StopParser(parser_, XML_FALSE);
  }

  const XML_Parser parser_;
  const XmlLimits& limits_;
  std::vector<XmlElement> open_;
  XmlElement root_;
  size_t elements_ = 0;
  std::string_view why_;
};

}  // namespace

const XmlElement* XmlElement::Child(std::string_view child) const {
  const auto found = std::ranges::find(children, child, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::TextAt(std::string_view path) const {
  const XmlElement* at = this;
  while (at != nullptr && !path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    at = at->Child(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return at == nullptr ? std::string_view() : at->text;
}

Result<XmlElement> ParseXml(std::string_view text, const XmlLimits& limits) {
  if (text.size() > limits.bytes) {
    return Fail(ErrorKind::kBadData, "cannot read XML: it is longer than {} bytes", limits.bytes);
  }
  const std::unique_ptr<XML_ParserStruct, Frees> parser(XML_ParserCreate("UTF-8"));
  if (!parser) throw std::bad_alloc();
  Builder builder(parser.get(), limits);
  const int size = static_cast<int>(text.size());
  if (XML_Parse(parser.get(), text.data(), size, XML_TRUE) != XML_STATUS_OK) {
    const std::string_view why =
        builder.why().empty() ? XML_ErrorString(XML_GetErrorCode(parser.get())) : builder.why();
    return Fail(ErrorKind::kBadData, "cannot read XML: {}: line={} column={}", why,
                XML_GetCurrentLineNumber(parser.get()), XML_GetCurrentColumnNumber(parser.get()));
  }
  return std::move(builder.root());
}

}  // namespace sluice
