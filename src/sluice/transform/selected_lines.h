// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "sluice/base/io.h"

namespace sluice {

// Some lines of a text, byte for byte, where they stand: every other line before the last of them
// is empty, so that a reader that skips empty lines counts as if it saw all. Ends behind the last.
class SelectedLines : public ByteSource {
 public:
  // `lines`, from 1, rising. Both outlive it.
  SelectedLines(ByteSource& text, std::span<const uint64_t> lines)
      : text_(text), lines_(lines), is_selected_(!lines.empty() && lines.front() == 1) {}

  Result<size_t> Read(std::span<char> buffer) override;

 private:
  // Moves to the front of `buffer` what of it is kept, and tells how much.
  size_t Keep(std::span<char> buffer);

  ByteSource& text_;
  const std::span<const uint64_t> lines_;
  size_t next_ = 0;    // in lines_
  uint64_t line_ = 1;  // at which the text is
  bool is_selected_;   // is that line
};

}  // namespace sluice
