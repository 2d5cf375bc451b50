// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/selected_lines.h"

#include <cstring>

namespace sluice {

Result<size_t> SelectedLines::Read(std::span<char> buffer) {
  while (next_ < lines_.size()) {
    SLUICE_ASSIGN(const size_t n, text_.Read(buffer));
    if (n == 0) return 0;
    if (const size_t kept = Keep(buffer.first(n)); kept > 0) return kept;
  }
  return 0;
}

size_t SelectedLines::Keep(std::span<char> buffer) {
  char* const begin = buffer.data();
  size_t kept = 0;
  for (size_t at = 0; at < buffer.size() && next_ < lines_.size();) {
    const void* found = std::memchr(begin + at, '\n', buffer.size() - at);
    const size_t end =
        found ? static_cast<size_t>(static_cast<const char*>(found) - begin) : buffer.size();
    if (is_selected_) {
      std::memmove(begin + kept, begin + at, end - at);
      kept += end - at;
    }
    at = end;
    if (found == nullptr) continue;
    begin[kept++] = '\n';
    ++at;
    ++line_;
    if (is_selected_) ++next_;
    is_selected_ = next_ < lines_.size() && lines_[next_] == line_;
  }
  return kept;
}

}  // namespace sluice
