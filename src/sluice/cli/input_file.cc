// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/input_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace sluice {

Result<InputFile> InputFile::Open(const std::string& path) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (file == nullptr)
    return Fail(ErrorKind::kPermanent, "cannot read {}: {}", path, std::strerror(errno));
  struct stat info{};
  const bool is_file = ::fstat(::fileno(file), &info) == 0 && S_ISREG(info.st_mode);
  if (S_ISDIR(info.st_mode)) {
    if (file != stdin) std::fclose(file);
    return Fail(ErrorKind::kPermanent, "cannot read {}: it is a folder", path);
  }
  std::setvbuf(file, nullptr, _IONBF, 0);  // read in large pieces by the caller
  return InputFile(path, file, {is_file ? static_cast<uint64_t>(info.st_size) : 0});
}

Result<size_t> InputFile::Read(std::span<char> buffer) {
  const size_t n = std::fread(buffer.data(), 1, buffer.size(), file_.get());
  if (n == 0 && std::ferror(file_.get()) != 0) {
    return Fail(ErrorKind::kPermanent, "cannot read {}: {}", path_, std::strerror(errno));
  }
  return n;
}

}  // namespace sluice
