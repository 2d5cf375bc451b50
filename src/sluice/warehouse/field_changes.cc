// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/field_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <tuple>

#include "sluice/base/percent_encoding.h"
#include "sluice/warehouse/ledger_sql.h"

namespace sluice {
namespace {

constexpr std::array kKinds = {FieldChangeKind::kCoerced, FieldChangeKind::kNulled,
                               FieldChangeKind::kTruncated, FieldChangeKind::kUnknown};

std::optional<FieldChange> ParseOne(std::string_view text) {
  const size_t colon = text.find(':'), equals = text.rfind('=');
  if (colon == std::string_view::npos || equals == std::string_view::npos || equals < colon) {
    return std::nullopt;
  }
  const auto kind = std::ranges::find(kKinds, text.substr(0, colon),
                                      [](FieldChangeKind one) { return Name(one); });
  const auto name = DecodeForm(text.substr(colon + 1, equals - colon - 1));
  if (kind == kKinds.end() || !name) return std::nullopt;
  FieldChange change{.kind = *kind, .name = *name};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + equals + 1, end, change.events);
  if (error != std::errc() || stop != end) return std::nullopt;
  return change;
}

}  // namespace

std::string_view Name(FieldChangeKind kind) {
  switch (kind) {
    case FieldChangeKind::kCoerced:
      return "coerced";
    case FieldChangeKind::kNulled:
      return "nulled";
    case FieldChangeKind::kTruncated:
      return "truncated";
    case FieldChangeKind::kUnknown:
      return "unknown";
  }
  return "";
}

std::string ToText(std::vector<FieldChange> changes) {
  std::ranges::sort(changes, [](const FieldChange& a, const FieldChange& b) {
    return std::tie(b.events, a.kind, a.name) < std::tie(a.events, b.kind, b.name);
  });
  std::string text;
  for (const FieldChange& change : changes) {
    std::string one(text.empty() ? "" : " ");
    one += fmt::format("{}:", Name(change.kind));
    AppendPercentEncoded(one, change.name);
    one += fmt::format("={}", change.events);
    if (text.size() + one.size() <= size_t{kLongestReason}) text += one;
  }
  return text;
}

Result<std::vector<FieldChange>> ParseFieldChanges(std::string_view text) {
  std::vector<FieldChange> changes;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    auto change = ParseOne(text.substr(0, end));
    if (!change) return Fail(ErrorKind::kBadData, "not what the ledger says of changed fields");
    changes.push_back(*std::move(change));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return changes;
}

}  // namespace sluice
