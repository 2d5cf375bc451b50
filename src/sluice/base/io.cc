// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/io.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace sluice {

Result<size_t> StringSource::Read(std::span<char> buffer) {
  const size_t n = std::min({buffer.size(), rest_.size(), piece_});
  std::copy_n(rest_.begin(), n, buffer.begin());
  rest_.remove_prefix(n);
  return n;
}

Status StringAccess::ReadAt(uint64_t offset, std::span<char> buffer) {
  if (offset > text_.size() || buffer.size() > text_.size() - offset) {
    return Fail(ErrorKind::kPermanent, "cannot read past the end: offset={} length={} size={}",
                offset, buffer.size(), text_.size());
  }
  std::copy_n(text_.begin() + static_cast<ptrdiff_t>(offset), buffer.size(), buffer.begin());
  return {};
}

Result<std::string> ReadFile(const std::string& path, Bytes limit) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) {
    const ErrorKind kind = errno == ENOENT ? ErrorKind::kNotFound : ErrorKind::kPermanent;
    return Fail(kind, "cannot open {}: {}", path, std::strerror(errno));
  }
  std::string text;
  char buffer[1 << 16];
  while (size_t n = std::fread(buffer, 1, sizeof buffer, file.get())) {
    if (text.size() + n > limit.count)
      return Fail(ErrorKind::kPermanent, "{} is larger than {}", path, ToText(limit));
    text.append(buffer, n);
  }
  if (std::ferror(file.get()))
    return Fail(ErrorKind::kPermanent, "cannot read {}: {}", path, std::strerror(errno));
  return text;
}

}  // namespace sluice
