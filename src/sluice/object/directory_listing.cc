// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/directory_listing.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace sluice {
namespace {

constexpr size_t kLargestPage = 100'000;

class Lister {
 public:
  // What it is given outlives it.
  Lister(const DirectoryRoot& root, std::string_view prefix, std::string_view after, size_t limit)
      : root_(root), prefix_(prefix), after_(after), limit_(limit) {}

  // Takes objects below `folder` until the page is full.
  Status Walk(const std::string& folder);
  // One object beyond the limit is looked for, to know whether there is a next page.
  bool IsFull() const { return page_.objects.size() > limit_; }
  ListPage Finish();

 private:
  // The smallest names above `above` that lead to wanted keys, at most limit_ + 1, sorted. A
  // folder's ends in '/', which puts it where its keys belong.
  Result<std::vector<std::string>> NextNames(const FileDescriptor& open, const std::string& folder,
                                             const std::string& above) const;
  bool Leads(const std::string& path) const;
  // `open` is `folder`, opened again where it is closed.
  Status Take(FileDescriptor& open, const std::string& folder, const std::string& name);

  const DirectoryRoot& root_;
  const std::string_view prefix_;
  const std::string_view after_;
  const size_t limit_;
  ListPage page_;
};

Status Lister::Walk(const std::string& folder) {
  std::string above;
  for (;;) {
    auto opened = root_.OpenFolder(folder);
    if (!opened && opened.error().kind() == ErrorKind::kNotFound) return {};  // removed meanwhile
    if (!opened) return std::unexpected(std::move(opened).error());
    FileDescriptor open = std::move(*opened);
    SLUICE_ASSIGN(const std::vector<std::string> names, NextNames(open, folder, above));
    for (const std::string& name : names) {
      if (name.ends_with('/')) {
        open = FileDescriptor();  // so that depth costs no descriptors
        SLUICE_TRY(Walk(folder + name));
      } else {
        SLUICE_TRY(Take(open, folder, name));
      }
      if (IsFull()) return {};
    }
    if (names.size() <= limit_) return {};
    above = names.back();
  }
}

Result<std::vector<std::string>> Lister::NextNames(const FileDescriptor& open,
                                                   const std::string& folder,
                                                   const std::string& above) const {
  std::vector<std::string> smallest;  // a heap: the largest of them first
  const auto visit = [&](const std::string& entry, EntryKind kind) {
    if (kind == EntryKind::kOther) return;
    std::string name = kind == EntryKind::kFolder ? entry + '/' : entry;
    const bool is_full = smallest.size() > limit_;
    if (name <= above || (is_full && name >= smallest.front()) || !Leads(folder + name)) return;
    if (is_full) {
      std::pop_heap(smallest.begin(), smallest.end());
      smallest.pop_back();
    }
    smallest.push_back(std::move(name));
    std::push_heap(smallest.begin(), smallest.end());
  };
  SLUICE_TRY(VisitFolder(open, root_.PathOf(folder), visit));
  std::sort_heap(smallest.begin(), smallest.end());
  return smallest;
}

bool Lister::Leads(const std::string& path) const {
  if (path.ends_with('/')) {
    return (path.starts_with(prefix_) || prefix_.starts_with(path)) &&
           (path > after_ || after_.starts_with(path)) && CheckDirectoryKey(path + "x").has_value();
  }
  return path.starts_with(prefix_) && path > after_ && CheckDirectoryKey(path).has_value();
}

Status Lister::Take(FileDescriptor& open, const std::string& folder, const std::string& name) {
  if (!open) {
    auto opened = root_.OpenFolder(folder);
    if (!opened && opened.error().kind() == ErrorKind::kNotFound) return {};
    if (!opened) return std::unexpected(std::move(opened).error());
    open = std::move(*opened);
  }
  struct stat facts;
  if (::fstatat(open.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno == ENOENT) return {};  // removed meanwhile
    return SystemFailure(errno, "list object", root_.PathOf(folder + name));
  }
  if (S_ISREG(facts.st_mode)) {
    page_.objects.push_back(
        {folder + name, {static_cast<uint64_t>(facts.st_size)}, "", ModifiedAt(facts)});
  }
  return {};
}

ListPage Lister::Finish() {
  if (IsFull()) {
    page_.objects.pop_back();
    page_.next = page_.objects.back().key;
  }
  return std::move(page_);
}

}  // namespace

Result<ListPage> ListDirectory(const DirectoryRoot& root, std::string_view prefix,
                               std::string_view after, size_t limit) {
  // A prefix that names a folder spares reading those above it.
  const std::string folder(FolderPart(prefix));
  if (!folder.empty() && !CheckDirectoryKey(folder + "x")) return ListPage{};  // no key is like it
  Lister lister(root, prefix, after, std::clamp<size_t>(limit, 1, kLargestPage));
  SLUICE_TRY(lister.Walk(folder));
  return lister.Finish();
}

}  // namespace sluice
