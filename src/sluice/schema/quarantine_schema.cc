// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/quarantine_schema.h"

#include "sluice/base/base64.h"
#include "sluice/base/utf8.h"

namespace sluice {

const std::vector<Column>& QuarantineColumns() {
  static const std::vector<Column> columns = [] {
    const ColumnType big{.kind = TypeKind::kBigInt}, integer{.kind = TypeKind::kInteger};
    const auto text = [](int32_t length) {
      return ColumnType{.kind = TypeKind::kVarchar, .length = length};
    };
    std::vector<Column> made;
    const auto add = [&](const char* name, ColumnType type, bool not_null) {
      made.push_back({.name = name, .type = type, .not_null = not_null});
    };
    add("object", big, true);
    add("table_name", text(127), true);
    add("line", integer, true);
    add("at_byte", big, true);
    add("length", big, true);
    add("reason", text(64), true);
    add("column_name", text(127), false);
    add("encoding", text(16), true);
    add("payload", text(kLargestPayload), true);
    return made;
  }();
  return columns;
}

QuarantinePayload EncodePayload(std::string_view bytes, uint64_t length) {
  std::string_view text = Utf8Prefix(bytes, kLargestPayload);
  // A front that its producer cut may end inside a code point, which has at most 4 bytes.
  for (int cut = 0; cut < 3 && bytes.size() < length && !text.empty() && !IsUtf8(text); ++cut) {
    text.remove_suffix(1);
  }
  if (IsUtf8(text) && text.find('\0') == std::string_view::npos && !HasNoncharacter(text)) {
    return {text.size() == length ? "utf8" : "utf8_cut", std::string(text)};
  }
  const std::string_view encoded = bytes.substr(0, kLargestPayload / 4 * 3);
  return {encoded.size() == length ? "base64" : "base64_cut", ToBase64(encoded)};
}

}  // namespace sluice
