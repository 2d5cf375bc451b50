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
  for (const FieldPlace field : shape.fields) {
    hash = AddLength(hash, line.quote(field.key_quote() + 1) - line.quote(field.key_quote()));
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

// Tails are short: one brace, mostly.
bool IsTail(const char* at, std::string_view tail) {
  bool equal = true;
  for (const char c : tail) equal &= *at++ == c;
  return equal;
}

// A value as it stands in its line, a string with its quotes.
struct FoundValue {
  std::string_view text;
  bool is_scalar, is_escaped;
};

FoundValue ValueOf(const RowTemplate& of, const RowShape& shape, const IndexedLine& line,
                   size_t number) {
  const FieldPlace field = shape.fields[number];
  const bool is_last = number + 1 == shape.fields.size();
  const ValuePlace place = is_last ? LastPlaceOf(line, of.spacing, field, of.tail.size())
                                   : InnerPlaceOf(line, of.spacing, field);
  const uint32_t end = place.end & ~StructuralIndex::kEscaped;
  const uint32_t quote = field.is_scalar() ? 0 : 1;
  // Where there is no room for a scalar, `end` comes before `begin`.
  const size_t size = end < place.begin ? 0 : end - place.begin + 2 * quote;
  return {.text = {line.text + place.begin - quote, size},
          .is_scalar = field.is_scalar(),
          .is_escaped = end != place.end};
}

// Of a value that no column reads, and that would otherwise be taken unseen.
bool IsValue(const FoundValue& value) {
  const std::string_view text = value.text;
  const char* const end = text.data() + text.size();
  if (value.is_scalar) return !value.is_escaped && ScalarKind(text).has_value();
  if (!value.is_escaped) return true;
  const char* at = FindStringStop(text.data() + 1);
  while (*at == '\\') {
    at = SkipEscape(at);
    if (at == nullptr) return false;
    at = FindStringStop(at);
  }
  return at + 1 == end;
}

}  // namespace

TemplateStore::Match TemplateStore::Find(const IndexedLine& line) {
  if (line.quote_count < 2 || line.quote_count % 2 != 0) return {};
  for (size_t i = 0; i < styles_.size(); ++i) {
    if (const Match match = FindIn(*styles_[i], line)) {
      if (i > 0) std::swap(styles_[0], styles_[i]);
      return match;
    }
  }
  return {};
}

TemplateStore::Match TemplateStore::FindIn(Style& style, const IndexedLine& line) {
  RowShape* const shape = style.shapes.Of(line);
  if (shape == nullptr) return {};
  const auto take = [&](uint32_t number) -> Match {
    if (number >= style.templates.size()) return {};
    RowTemplate& candidate = *style.templates[number];
    if (!IsOf(candidate, *shape, line)) return {};
    shape->template_hint = number;
    ++candidate.hits;
    candidate.last_hit = ++clock_;
    return Match{&candidate, shape};
  };
  if (const Match match = take(shape->template_hint)) return match;
  const auto [first, last] = style.by_keys.equal_range(HashOfKeys(line, *shape));
  for (auto at = first; at != last; ++at) {
    if (const Match match = take(at->second)) return match;
  }
  return {};
}

bool TemplateStore::IsOf(const RowTemplate& candidate, const RowShape& shape,
                         const IndexedLine& line) const {
  if (candidate.literals.size() != shape.fields.size()) return false;
  if (line.quote(0) != line.begin + candidate.literals.front().lead) return false;
  const auto tail = static_cast<uint32_t>(candidate.tail.size());
  const uint32_t behind = line.quote(line.quote_count - 1) + 1;  // the last string
  const bool ends_well =
      shape.fields.back().is_scalar() ? behind + tail <= line.end : behind + tail == line.end;
  if (!ends_well || !IsTail(line.text + line.end - tail, candidate.tail)) return false;
  if (!kernels_.hold(line, candidate.literals.data(), shape.fields.data(), shape.fields.size())) {
    return false;
  }
  for (const RowTemplate::Fixed& fixed : candidate.fixed) {
    const FoundValue found = ValueOf(candidate, shape, line, fixed.field);
    if (found.text != fixed.raw) return false;
  }
  for (const size_t field : candidate.unread) {
    if (!IsValue(ValueOf(candidate, shape, line, field))) return false;
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
    lacks_style_ = styles_.size() == kMostStyles;
    if (lacks_style_) return;
    styles_.push_back(std::make_unique<Style>(kernels_, made.spacing));
    style = styles_.end() - 1;
  }
  made.last_hit = clock_;
  const auto number = static_cast<uint32_t>((*style)->templates.size());
  (*style)->by_keys.emplace(HashOfKeys(made), number);
  (*style)->templates.push_back(std::make_unique<RowTemplate>(std::move(made)));
  ++count_;
}

uint64_t TemplateStore::LastHit(const Style& style) {
  uint64_t last = 0;
  for (const auto& known : style.templates) last = std::max(last, known->last_hit);
  return last;
}

// The one that was not used for the longest time makes room.
void TemplateStore::ForgetStyle() {
  const auto oldest =
      std::ranges::min_element(styles_, {}, [](const auto& style) { return LastHit(*style); });
  count_ -= (*oldest)->templates.size();
  styles_.erase(oldest);
  lacks_style_ = false;
}

void TemplateStore::Tidy() {
  if (lacks_style_) ForgetStyle();
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
