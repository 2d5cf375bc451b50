// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

using Sha256Digest = std::array<uint8_t, 32>;

// SHA-256 (FIPS 180-4), fed in pieces: Update* Finish. One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::string_view data);
  Sha256Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Digest Sha256Of(std::string_view data);

// MD5 (RFC 1321): for formats that carry one, and for nothing else.
std::array<uint8_t, 16> Md5Of(std::string_view data);

std::string ToHex(const Sha256Digest& digest);
// The first 63 bits, big-endian: a positive BIGINT in every warehouse.
int64_t First63Bits(const Sha256Digest& digest);

}  // namespace sluice
