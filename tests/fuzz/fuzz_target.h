// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/check.h"

// A fuzz target is one .cc file that defines both functions below: properties that hold whatever
// the bytes are, each a SLUICE_CHECK. driver.cc runs it in the tests, libFuzzer with `make fuzz`.

// The name and signature are libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace sluice {

// Inputs that reach far into the parser, besides those in corpus/TARGET/. From the repository's own
// samples where there are any, so that a new golden case is a new seed.
std::vector<std::string> FuzzSeeds();

// Takes an input apart: numbers that choose what is done from its front, the rest as text. Behind
// the end there are zeros.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : rest_(data, size) {}

  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const uint8_t byte = rest_.front();
    rest_ = rest_.subspan(1);
    return byte;
  }
  uint32_t Number16() { return Byte() | uint32_t{Byte()} << 8; }
  std::string_view Rest() const {
    return {reinterpret_cast<const char*>(rest_.data()), rest_.size()};
  }

 private:
  std::span<const uint8_t> rest_;
};

}  // namespace sluice
