// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/ndjson/json_scan.h"

namespace sluice {

// The lines of a sample, in memory, as EventReader wants them: behind each an end of line and
// kScanPadding readable bytes.
class SampleLines {
 public:
  // `line` has no '\n'.
  void Add(std::string_view line) {
    text_.resize(size_);
    text_.append(line).push_back('\n');
    size_ = text_.size();
    ends_.push_back(size_);
    text_.append(kScanPadding, ' ');
  }

  size_t count() const { return ends_.size(); }
  // Without its end; valid until the next Add.
  std::string_view line(size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - 1 - begin);
  }
  // All of them, each with its '\n'; the padding is behind.
  std::string_view text() const { return std::string_view(text_).substr(0, size_); }

 private:
  std::string text_;  // ends with the padding
  size_t size_ = 0;   // without it
  std::vector<size_t> ends_;
};

}  // namespace sluice
