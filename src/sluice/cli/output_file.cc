// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/output_file.h"

#include <cerrno>
#include <cstring>

namespace sluice {

Result<OutputFile> OutputFile::Create(const std::string& path) {
  std::FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
  if (file == nullptr)
    return Fail(ErrorKind::kPermanent, "cannot write {}: {}", path, std::strerror(errno));
  return OutputFile(path, file);
}

Result<OutputFile> OutputFile::CreateNew(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "wbx");
  if (file != nullptr) return OutputFile(path, file);
  return Fail(errno == EEXIST ? ErrorKind::kConflict : ErrorKind::kPermanent, "cannot write {}: {}",
              path, std::strerror(errno));
}

Status OutputFile::Write(std::string_view data) {
  if (std::fwrite(data.data(), 1, data.size(), file_.get()) == data.size()) return {};
  return Fail(ErrorKind::kPermanent, "cannot write {}: {}", path_, std::strerror(errno));
}

Status OutputFile::Close() {
  if (std::fflush(file_.get()) == 0) return {};
  return Fail(ErrorKind::kPermanent, "cannot write {}: {}", path_, std::strerror(errno));
}

}  // namespace sluice
