// SPDX-License-Identifier: Apache-2.0
// Every kernel as it is defined, a byte at a time.
#include <cstring>

#include "sluice/ndjson/scan_kernels_of.h"

namespace sluice {
namespace {

void Index(std::string_view text, StructuralIndex& index) {
  bool escaped = false, has_backslash = false;
  uint32_t count = 0;
  for (uint32_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' && !escaped) {
      index.quotes[count++] = at | (has_backslash ? StructuralIndex::kEscaped : 0);
      has_backslash = false;
    } else if (c == '\n') {
      index.rows.push_back({.end = at, .quotes = count});
    } else if (static_cast<unsigned char>(c) < 0x20) {
      const bool ends_line = c == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
      if (!ends_line) index.controls.push_back(at);
    }
    has_backslash |= c == '\\';
    escaped = c == '\\' && !escaped;
    index.has_high_bit |= static_cast<unsigned char>(c) >= 0x80;
  }
  index.quote_count = count;
}

void Gaps(const IndexedLine& line, uint32_t gap, uint64_t* mask) {
  const size_t strings = line.quote_count / 2;
  std::memset(mask, 0, (strings + 63) / 64 * sizeof *mask);
  for (size_t j = 0; j + 1 < strings; ++j) {
    const bool equal = line.quote(2 * j + 2) - line.quote(2 * j + 1) == gap;
    mask[j / 64] |= uint64_t{equal} << j % 64;
  }
}

bool Hold(const IndexedLine& line, const Literal* literals, const FieldPlace* fields,
          size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (!HoldsAt(line, literals[i], fields[i])) return false;
  }
  return true;
}

bool UnescapeInside(std::string_view inside, char*& out, StringTraits& traits) {
  const char* at = CopyToStringStop(inside.data(), out);
  return Unescape(at, out, traits) == inside.data() + inside.size();
}

}  // namespace

bool HoldsAt(const IndexedLine& line, const Literal& literal, FieldPlace field) {
  const uint32_t at = line.quote(field.key_quote()) - literal.lead;
  return at + literal.size <= line.end &&
         std::memcmp(line.text + at, literal.text, literal.size) == 0;
}

const ScanKernels kScalarKernels = {
    .index = Index, .gaps = Gaps, .hold = Hold, .unescape = UnescapeInside};

}  // namespace sluice
