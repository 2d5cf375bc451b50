// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sluice/parquet/byte_buffer.h"
#include "sluice/parquet/chunk_pages.h"
#include "sluice/parquet/page_memory.h"
#include "sluice/parquet/parquet_format.h"
#include "sluice/parquet/rle_hybrid.h"

namespace sluice {

// One V1 data page under construction: definition levels, then values. Room for the levels is kept
// in front of the values, so that the page becomes one piece without being moved.
class PageBuilder {
 public:
  explicit PageBuilder(bool required) : room_(required ? 0 : LevelRoom(kMostRowsInPage)) {
    Clear();
  }

  void Clear() {
    body_.Clear();
    body_.Reserve(room_ + 1);
    body_.Advance(room_);
    present_.clear();
    rows_ = values_ = 0;
  }

  // Values are appended here, rows told to AddRows.
  ByteBuffer& body() { return body_; }
  // The size of body() when it holds `value_bytes` of values.
  size_t BodySize(size_t value_bytes) const { return room_ + value_bytes; }
  size_t value_bytes() const { return body_.size() - room_; }

  // `values` of the next `rows` rows are not NULL. `present` is not looked at if required.
  void AddRows(const uint8_t* present, size_t rows, size_t values) {
    if (room_ > 0) present_.insert(present_.end(), present, present + rows);
    rows_ += rows;
    values_ += values;
  }

  size_t rows() const { return rows_; }
  size_t values() const { return values_; }
  const std::vector<uint8_t>& present() const { return present_; }  // empty if required

  // Bits instead of the bytes that the values are.
  void PackValues() {
    char* const begin = body_.data() + room_;
    const size_t bools = value_bytes();
    const char* const end = PackBools(reinterpret_cast<const uint8_t*>(begin), bools, begin);
    body_.Clear();
    body_.Advance(static_cast<size_t>(end - body_.data()));
  }

  // The finished page; `memory` has the place for the next.
  ChunkPage Take(PageEncoding encoding, PageMemory& memory) {
    const char* const end = body_.data() + body_.size();
    const char* begin = body_.data();
    if (room_ > 0) begin = WriteLevelsBefore(body_.data() + room_, present_, values_);
    ChunkPage page{.encoding = encoding,
                   .values = static_cast<uint32_t>(rows_),
                   .begin = static_cast<size_t>(begin - body_.data())};
    page.buffer = std::exchange(body_, memory.Take(static_cast<size_t>(end - begin)));
    Clear();
    return page;
  }

 private:
  const size_t room_;
  ByteBuffer body_;
  std::vector<uint8_t> present_;
  size_t rows_ = 0, values_ = 0;
};

}  // namespace sluice
