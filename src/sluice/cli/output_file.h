// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "sluice/base/io.h"
#include "sluice/base/result.h"

namespace sluice {

// A file of the user's, or standard output for "-". Buffered; Close says whether everything was
// written.
class OutputFile : public ByteSink {
 public:
  static Result<OutputFile> Create(const std::string& path);
  // Only where nothing stands; kConflict otherwise. "-" is a name like others.
  static Result<OutputFile> CreateNew(const std::string& path);
  Status Write(std::string_view data) override;
  Status Close();

 private:
  struct Closer {
    void operator()(std::FILE* file) const {
      if (file != stdout) std::fclose(file);
    }
  };
  OutputFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
};

}  // namespace sluice
