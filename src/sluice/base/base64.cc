// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/base64.h"

#include <openssl/evp.h>

namespace sluice {
namespace {
const unsigned char* AsBytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
}  // namespace

std::string ToBase64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the NUL that EVP_EncodeBlock adds
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), AsBytes(bytes),
                                static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(n));
  return text;
}

std::optional<std::string> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), AsBytes(text),
                                static_cast<int>(text.size()));
  if (n < 0) return std::nullopt;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  bytes.resize(static_cast<size_t>(n) - padding);
  if (ToBase64(bytes) != text)
    return std::nullopt;  // EVP_DecodeBlock forgives blanks and stray bits
  return bytes;
}

}  // namespace sluice
