// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/read_object.h"

#include <vector>

namespace sluice {

Result<std::string> ReadObject(ObjectStore& store, const std::string& key, size_t most) {
  SLUICE_ASSIGN(const auto reader, store.Open(key));
  std::string text;
  std::vector<char> buffer(most + 1);
  while (text.size() <= most) {
    SLUICE_ASSIGN(const size_t n, reader->Read(buffer));
    if (n == 0) break;
    text.append(buffer.data(), n);
  }
  return text;
}

}  // namespace sluice
