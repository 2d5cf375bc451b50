// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/template_store.h"

#include <algorithm>
#include <cstring>

namespace sluice {
namespace {

constexpr size_t kMostTemplates = 64;  // after Tidy; twice as many before
constexpr size_t kMostStyles = 4;
constexpr uint64_t kWorthLearning = 16;  // lines that a template should have served
constexpr uint32_t kMostToPass = 4096;

uint64_t AddLength(uint64_t hash, uint64_t length) {
  constexpr uint64_t kOdd = 0x9e37'79b9'7f4a'7c15;
  hash = (hash ^ length) * kOdd;
  return hash ^ hash >> 29;
}

// The bytes from the quote that opens a key to the one that closes it.
uint64_t HashOfKeys(const IndexedLine& line, const RowShape& shape) {
  uint64_t hash = 0;
  for (const uint16_t key : shape.keys) {
    hash = AddLength(hash, line.quote(2 * size_t{key} + 1) - line.quote(2 * size_t{key}));
  }
  return hash;
}

uint64_t HashOfKeys(const RowTemplate& of) {
  uint64_t hash = 0;
  for (const Literal& literal : of.literals) {
    hash = AddLength(hash, literal.size - literal.lead - of.spacing.colon);
  }
  return hash;
}

// A scalar or escaped string that no column reads, which would otherwise be taken unseen.
bool IsValue(std::string_view text, bool is_scalar, bool is_escaped) {
  const char* const end = text.data() + text.size();
  if (is_scalar) {
    if (is_escaped || text.empty()) return false;
    return text == "null" || text == "true" || text == "false" || SkipNumber(text.data()) == end;
  }
  const char* at = is_escaped ? FindStringStop(text.data()) : end;
  while (at < end && *at == '\\') {
    at = SkipEscape(at);
    if (at == nullptr) return false;
    at = FindStringStop(at);
  }
  return at == end;
}

}  // namespace

std::optional<TemplateStore::Match> TemplateStore::Find(const IndexedLine& line) {
  if (line.quote_count < 2 || line.quote_count % 2 != 0) return std::nullopt;
  for (size_t i = 0; i < styles_.size(); ++i) {
    if (auto match = FindIn(*styles_[i], line)) {
      if (i > 0) std::swap(styles_[0], styles_[i]);
      return match;
    }
  }
  return std::nullopt;
}

std::optional<TemplateStore::Match> TemplateStore::FindIn(Style& style, const IndexedLine& line) {
  RowShape* const shape = style.shapes.Of(line);
  if (shape == nullptr) return std::nullopt;
  const auto take = [&](uint32_t number) -> std::optional<Match> {
    if (number >= style.templates.size()) return std::nullopt;
    RowTemplate& candidate = *style.templates[number];
    if (!IsOf(candidate, *shape, line)) return std::nullopt;
    shape->template_hint = number;
    ++candidate.hits;
    candidate.last_hit = ++clock_;
    return Match{&candidate, shape};
  };
  if (auto match = take(shape->template_hint)) return match;
  const auto [first, last] = style.by_keys.equal_range(HashOfKeys(line, *shape));
  for (auto at = first; at != last; ++at) {
    if (auto match = take(at->second)) return match;
  }
  return std::nullopt;
}

bool TemplateStore::IsOf(const RowTemplate& candidate, const RowShape& shape,
                         const IndexedLine& line) const {
  if (candidate.literals.size() != shape.fields()) return false;
  if (line.quote(0) != line.begin + candidate.literals.front().lead) return false;
  const auto tail = static_cast<uint32_t>(candidate.tail.size());
  const FieldPlace& last = shape.places.back();
  const uint32_t behind = line.quote(line.quote_count - 1) + 1;  // the last string
  if (behind + tail > line.end || (!last.is_scalar && behind + tail != line.end) ||
      std::memcmp(line.text + line.end - tail, candidate.tail.data(), tail) != 0) {
    return false;
  }
  if (!kernels_.hold(line, candidate.literals.data(), shape.keys.data(), shape.fields())) {
    return false;
  }
  const auto value = [&](size_t field, bool& is_escaped) -> std::string_view {
    const ValuePlace place = PlaceOf(line, shape, field, tail);
    const uint32_t end = place.end & ~StructuralIndex::kEscaped;
    is_escaped = end != place.end;
    return end < place.begin ? std::string_view()
                             : std::string_view(line.text + place.begin, end - place.begin);
  };
  bool is_escaped = false;
  for (const RowTemplate::Fixed& fixed : candidate.fixed) {
    std::string_view found = value(fixed.field, is_escaped);
    if (!shape.places[fixed.field].is_scalar) found = {found.data() - 1, found.size() + 2};
    if (found != fixed.raw) return false;
  }
  for (const size_t field : candidate.unread) {
    const std::string_view found = value(field, is_escaped);
    if (!IsValue(found, shape.places[field].is_scalar, is_escaped)) return false;
  }
  return true;
}

bool TemplateStore::WantsToLearn() {
  if (to_pass_ == 0) return count_ < 2 * kMostTemplates;
  --to_pass_;
  return false;
}

void TemplateStore::Add(RowTemplate made) {
  auto style = std::ranges::find_if(
      styles_, [&](const auto& known) { return known->spacing == made.spacing; });
  if (style == styles_.end()) {
    if (styles_.size() == kMostStyles) return;
    styles_.push_back(std::make_unique<Style>(kernels_, made.spacing));
    style = styles_.end() - 1;
  }
  made.last_hit = clock_;
  const auto number = static_cast<uint32_t>((*style)->templates.size());
  (*style)->by_keys.emplace(HashOfKeys(made), number);
  (*style)->templates.push_back(std::make_unique<RowTemplate>(std::move(made)));
  ++count_;
}

void TemplateStore::Tidy() {
  if (count_ <= kMostTemplates) return;
  std::vector<uint64_t> used;
  for (const auto& style : styles_) {
    for (const auto& known : style->templates) used.push_back(known->last_hit);
  }
  const auto kept = used.begin() + static_cast<ptrdiff_t>(kMostTemplates / 2);
  std::ranges::nth_element(used, kept, std::greater<>());
  bool was_worth_it = false;
  count_ = 0;
  for (const auto& style : styles_) {
    std::erase_if(style->templates, [&](const auto& known) {
      if (known->last_hit > *kept) return false;
      was_worth_it |= known->hits >= kWorthLearning;
      return true;
    });
    count_ += style->templates.size();
    Index(*style);
  }
  std::erase_if(styles_, [](const auto& style) { return style->templates.empty(); });
  next_to_pass_ = was_worth_it ? 0 : std::clamp<uint32_t>(2 * next_to_pass_, 64, kMostToPass);
  to_pass_ = next_to_pass_;
}

void TemplateStore::Index(Style& style) {
  style.by_keys.clear();
  for (uint32_t i = 0; i < style.templates.size(); ++i) {
    style.by_keys.emplace(HashOfKeys(*style.templates[i]), i);
  }
}

}  // namespace sluice
