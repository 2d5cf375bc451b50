// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"

namespace sluice {

// Where bytes go, in order. One thread at a time.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Status Write(std::string_view data) = 0;
};

// Where bytes come from, in order. One thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills the front of `buffer` (not empty) and returns how much; 0 means the end, once and for
  // all.
  virtual Result<size_t> Read(std::span<char> buffer) = 0;
};

// Bytes at known places. Thread-safe.
class RandomAccess {
 public:
  virtual ~RandomAccess() = default;
  virtual Bytes size() const = 0;
  // Fills the whole of `buffer` from `offset`; reading past the end is an error.
  virtual Status ReadAt(uint64_t offset, std::span<char> buffer) = 0;
};

// In memory; what tests and small objects use.
class StringSink : public ByteSink {
 public:
  Status Write(std::string_view data) override {
    text_.append(data);
    return {};
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class StringSource : public ByteSource {
 public:
  // `text` outlives the source. `piece` bounds what one Read returns, so that tests can cut
  // anywhere.
  explicit StringSource(std::string_view text, size_t piece = SIZE_MAX)
      : rest_(text), piece_(piece) {}
  Result<size_t> Read(std::span<char> buffer) override;

 private:
  std::string_view rest_;
  size_t piece_;
};

class StringAccess : public RandomAccess {
 public:
  explicit StringAccess(std::string text) : text_(std::move(text)) {}
  Bytes size() const override { return {text_.size()}; }
  Status ReadAt(uint64_t offset, std::span<char> buffer) override;

 private:
  std::string text_;
};

// The whole file at `path`, at most `limit` bytes.
Result<std::string> ReadFile(const std::string& path, Bytes limit);

}  // namespace sluice
