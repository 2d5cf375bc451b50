// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/local_outputs.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace sluice {
namespace {

class LocalFile : public PendingObject {
 public:
  explicit LocalFile(std::string path)
      : path_(std::move(path)), temporary_(fmt::format("{}.{}.tmp", path_, ::getpid())) {}
  ~LocalFile() override {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
  }

  Status Open() {
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return descriptor_ >= 0 ? Status() : Failed("create", temporary_);
  }

  Status Write(std::string_view data) override {
    size_ += Bytes{data.size()};
    while (!data.empty()) {
      const ssize_t n = ::write(descriptor_, data.data(), data.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Failed("write", path_);
      data.remove_prefix(static_cast<size_t>(n));
    }
    return {};
  }

  Result<Committed> Commit() override {
    const int descriptor = std::exchange(descriptor_, -1);
    if (::close(descriptor) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
      const Status failed = Failed("write", path_);
      ::unlink(temporary_.c_str());
      return std::unexpected(failed.error());
    }
    return Committed{.info = {.key = path_, .size = size_}};
  }

 private:
  static Status Failed(std::string_view attempt, const std::string& path) {
    return Fail(ErrorKind::kPermanent, "cannot {} {}: {}", attempt, path, std::strerror(errno));
  }

  const std::string path_, temporary_;
  int descriptor_ = -1;
  Bytes size_;
};

}  // namespace

Result<std::unique_ptr<PendingObject>> LocalOutputs::OpenTable(size_t table) {
  return Create(tables_.tables[table].name());
}

Result<std::unique_ptr<PendingObject>> LocalOutputs::OpenQuarantine() {
  return Create("quarantine");
}

Result<std::unique_ptr<PendingObject>> LocalOutputs::Create(const std::string& part) {
  const std::string folder = fmt::format("{}/{}", folder_, part);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return Fail(ErrorKind::kPermanent, "cannot make the folder {}: {}", folder, error.message());
  auto file = std::make_unique<LocalFile>(fmt::format("{}/{}.parquet", folder, name_));
  SLUICE_TRY(file->Open());
  return file;
}

}  // namespace sluice
