// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/foreign_keys.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice {
namespace {

constexpr size_t kListed = 1'000;
constexpr size_t kMostListings = 200;

// A key that is exactly this is left out too: it is none that anybody gives.
std::string Behind(std::string folder) {
  ++folder.back();
  return folder;
}

class Search {
 public:
  Search(ObjectStore& raw, const RawLayout& layout, const std::vector<std::string>& walked)
      : raw_(raw), layout_(layout), walked_(walked), left_(kMostListings + walked.size()) {}

  // Keys behind `after` and before `end`; an empty end is none.
  Status Through(std::string after, const std::string& end) {
    for (std::optional<std::string> next = std::move(after); next; --left_) {
      if (left_ == 0) {
        found_.is_whole = false;
        return {};
      }
      SLUICE_ASSIGN(ListPage page, raw_.List("", *next, kListed));
      std::string folder;  // that the last key lies in
      for (const ObjectInfo& object : page.objects) {
        if (!end.empty() && object.key >= end) return {};
        folder = Add(object.key);
      }
      next = std::move(page.next);
      if (next && !folder.empty()) next = std::max(*next, Behind(std::move(folder)));
    }
    return {};
  }
  ForeignKeys Take() { return std::move(found_); }

 private:
  // The folder of its hour; empty where it has none.
  std::string Add(const std::string& key) {
    const auto above = std::ranges::upper_bound(walked_, key);
    if (above != walked_.begin() && key.starts_with(*std::prev(above))) return *std::prev(above);
    if (key.ends_with('/') || key.starts_with("_sluice/")) return "";
    if (const auto hour = layout_.HourOf({key})) {
      found_.matches = true;
      return layout_.FolderOf(*hour);
    }
    if (found_.count++ == 0) found_.example = key;
    return "";
  }

  ObjectStore& raw_;
  const RawLayout& layout_;
  const std::vector<std::string>& walked_;
  size_t left_;
  ForeignKeys found_;
};

}  // namespace

Result<ForeignKeys> FindForeign(ObjectStore& raw, const RawLayout& layout,
                                const std::vector<std::string>& walked) {
  if (walked.empty() || walked.front().empty())
    return ForeignKeys();  // all of it is walked through
  const std::string& first = walked.front();
  const std::string day = first.substr(0, first.rfind('/', first.size() - 2) + 1);
  Search search(raw, layout, walked);
  SLUICE_TRY(search.Through(day, ""));
  if (!day.empty()) SLUICE_TRY(search.Through("", day));
  return search.Take();
}

}  // namespace sluice
