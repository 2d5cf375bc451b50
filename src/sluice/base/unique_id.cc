// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/unique_id.h"

#include <openssl/rand.h>

#include <array>
#include <string_view>

#include "sluice/base/check.h"

namespace sluice {

std::string MakeUniqueId(Timestamp now) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::array<unsigned char, 16> random;
  SLUICE_CHECK(RAND_bytes(random.data(), static_cast<int>(random.size())) == 1);
  std::string id(26, '0');
  auto millis = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  for (size_t i = 10; i-- > 0; millis >>= 5) id[i] = kDigits[millis & 31];
  for (size_t i = 0; i < 16; ++i) id[10 + i] = kDigits[random[i] & 31];
  return id;
}

}  // namespace sluice
