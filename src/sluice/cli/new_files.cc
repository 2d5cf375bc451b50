// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/new_files.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "sluice/cli/output_file.h"

namespace sluice {
namespace {

std::unexpected<Error> CannotWrite(const std::string& path, const std::string& why) {
  return Fail(ErrorKind::kPermanent, "cannot write {}: {}", path, why);
}

std::unexpected<Error> StandsAlready(const std::string& path) {
  return Fail(ErrorKind::kConflict, "{} is there already: --force replaces it", path);
}

std::string PartOf(const std::string& path) {
  return path + ".part";
}

Status MakeFolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return CannotWrite(folder.string(), error.message());
  return {};
}

// Files that are written beside their places before any takes its own. What it made vanishes with
// it unless Keep() was called.
class PendingFiles {
 public:
  explicit PendingFiles(Existing existing) : existing_(existing) {}
  ~PendingFiles() {
    for (const std::string& path : made_) ::unlink(path.c_str());
  }
  PendingFiles(const PendingFiles&) = delete;
  PendingFiles& operator=(const PendingFiles&) = delete;

  Status Write(const NewFile& file) {
    const std::string part = PartOf(file.path);
    if (existing_ == Existing::kReplace) ::unlink(part.c_str());
    SLUICE_ASSIGN(OutputFile out, MakeNew(part));
    SLUICE_TRY(out.Write(file.text));
    return out.Close();
  }

  // An empty file, so that nobody else takes the place; no link, which FAT does not have.
  Status Reserve(const std::string& path) {
    SLUICE_ASSIGN(OutputFile out, MakeNew(path));
    return out.Close();
  }

  Status Place(const std::string& path) {
    const std::string part = PartOf(path);
    if (std::rename(part.c_str(), path.c_str()) != 0) {
      return CannotWrite(path, std::strerror(errno));
    }
    std::erase(made_, part);
    return {};
  }

  void Keep() { made_.clear(); }

 private:
  Result<OutputFile> MakeNew(const std::string& path) {
    auto out = OutputFile::CreateNew(path);
    if (out) {
      made_.push_back(path);
    } else if (out.error().kind() == ErrorKind::kConflict && existing_ == Existing::kRefuse) {
      return StandsAlready(path);
    }
    return out;
  }

  const Existing existing_;
  std::vector<std::string> made_;
};

}  // namespace

Status WriteNewFiles(std::span<const NewFile> files, Existing existing) {
  for (const NewFile& file : files) {
    std::error_code error;
    if (existing == Existing::kReplace && std::filesystem::is_directory(file.path, error)) {
      return CannotWrite(file.path, std::strerror(EISDIR));
    }
    if (existing == Existing::kReplace) continue;
    for (const std::string& path : {file.path, PartOf(file.path)}) {
      if (std::filesystem::exists(std::filesystem::symlink_status(path, error))) {
        return StandsAlready(path);
      }
    }
  }
  PendingFiles pending(existing);
  for (const NewFile& file : files) {
    SLUICE_TRY(MakeFolderOf(file.path));
    SLUICE_TRY(pending.Write(file));
  }
  for (const NewFile& file : files) {
    if (existing == Existing::kRefuse) SLUICE_TRY(pending.Reserve(file.path));
  }
  for (const NewFile& file : files) SLUICE_TRY(pending.Place(file.path));
  pending.Keep();
  return {};
}

}  // namespace sluice
