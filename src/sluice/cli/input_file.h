// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "sluice/base/bytes.h"
#include "sluice/base/io.h"
#include "sluice/base/result.h"

namespace sluice {

// A file of the user's, or standard input for "-", as bytes.
class InputFile : public ByteSource {
 public:
  static Result<InputFile> Open(const std::string& path);
  Result<size_t> Read(std::span<char> buffer) override;
  // 0 where it cannot be known.
  Bytes size() const { return size_; }

 private:
  struct Closer {
    void operator()(std::FILE* file) const {
      if (file != stdin) std::fclose(file);
    }
  };
  InputFile(std::string path, std::FILE* file, Bytes size)
      : path_(std::move(path)), file_(file), size_(size) {}

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  Bytes size_;
};

}  // namespace sluice
