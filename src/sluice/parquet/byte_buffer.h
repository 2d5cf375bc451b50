// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace sluice {

// Bytes that are appended to. Unlike std::string it does not zero what it is about to overwrite,
// grows in place where the allocator can, and keeps its memory when cleared.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  ~ByteBuffer() { std::free(data_); }
  ByteBuffer(ByteBuffer&& other) noexcept { *this = std::move(other); }
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data_, size_}; }
  void Clear() { size_ = 0; }

  // The place behind the content, with room for `n` bytes; they count only after Advance.
  char* Reserve(size_t n) {
    if (capacity_ - size_ < n) Grow(n);
    return data_ + size_;
  }
  void Advance(size_t n) { size_ += n; }

  void Append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(Reserve(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }

 private:
  void Grow(size_t n) {
    capacity_ = std::max({size_ + n, capacity_ + capacity_ / 2, size_t{256}});
    void* grown = std::realloc(data_, capacity_);
    if (grown == nullptr) throw std::bad_alloc();
    data_ = static_cast<char*>(grown);
  }

  char* data_ = nullptr;
  size_t size_ = 0, capacity_ = 0;
};

}  // namespace sluice
