// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/new_files.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "sluice/cli/output_file.h"

namespace sluice {
namespace {

std::unexpected<Error> CannotWrite(const std::string& path, const std::string& why) {
  return Fail(ErrorKind::kPermanent, "cannot write {}: {}", path, why);
}

std::unexpected<Error> StandsAlready(const std::string& path) {
  return Fail(ErrorKind::kConflict, "{} is there already: --force replaces it", path);
}

// Whole or not at all: beside its place first.
Status WriteNewFile(const NewFile& file, Existing existing) {
  const std::string part = file.path + ".part";
  SLUICE_ASSIGN(OutputFile out, OutputFile::Create(part));
  Status done = out.Write(file.text);
  if (done) done = out.Close();
  if (done && existing == Existing::kReplace) {
    if (std::rename(part.c_str(), file.path.c_str()) == 0) return {};
    done = CannotWrite(file.path, std::strerror(errno));
  } else if (done && ::link(part.c_str(), file.path.c_str()) != 0) {
    done = errno == EEXIST ? Status(StandsAlready(file.path))
                           : CannotWrite(file.path, std::strerror(errno));
  }
  ::unlink(part.c_str());
  return done;
}

}  // namespace

Status WriteNewFiles(std::span<const NewFile> files, Existing existing) {
  for (const NewFile& file : files) {
    std::error_code error;
    const bool exists = std::filesystem::exists(std::filesystem::symlink_status(file.path, error));
    if (exists && existing == Existing::kRefuse) return StandsAlready(file.path);
  }
  for (const NewFile& file : files) {
    const std::filesystem::path folder = std::filesystem::path(file.path).parent_path();
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error) return CannotWrite(folder.string(), error.message());
    SLUICE_TRY(WriteNewFile(file, existing));
  }
  return {};
}

}  // namespace sluice
