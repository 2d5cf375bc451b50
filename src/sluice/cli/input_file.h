// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <string>

#include "sluice/base/bytes.h"
#include "sluice/base/io.h"
#include "sluice/base/result.h"

namespace sluice {

// A file of the user's, or standard input for "-", as bytes. A stop request ends the reading with
// an error, also while it waits for a pipe or a terminal.
class InputFile : public ByteSource {
 public:
  static Result<InputFile> Open(const std::string& path, std::stop_token stop);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile() override;

  Result<size_t> Read(std::span<char> buffer) override;

  // Of the file at `path`; 0 where it cannot be known.
  static Bytes SizeOf(const std::string& path);

 private:
  InputFile(std::string path, int descriptor, std::stop_token stop)
      : path_(std::move(path)), descriptor_(descriptor), stop_(std::move(stop)) {}
  Status WaitForData();

  const std::string path_;
  int descriptor_;  // -1 after a move
  const std::stop_token stop_;
};

}  // namespace sluice
