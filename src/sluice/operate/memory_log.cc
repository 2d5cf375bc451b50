// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/memory_log.h"

#include "sluice/object/object_names.h"
#include "sluice/object/read_object.h"

namespace sluice {
namespace {

constexpr uint64_t kKept = 8;
constexpr size_t kLargest = 1 << 20;

}  // namespace

MemoryLog::MemoryLog(ObjectStore& store, std::string_view what, std::string_view pipeline)
    : store_(store), folder_(MemoryFolder(what, pipeline)), key_(folder_) {}

Result<std::string> MemoryLog::Newest() {
  SLUICE_ASSIGN(ListPage page, store_.List(folder_, "", 1));
  // A page may be empty though others come: S3 lists folder markers, and its store leaves them out.
  while (page.objects.empty() && page.next) {
    SLUICE_ASSIGN(page, store_.List(folder_, *page.next, 1));
  }
  if (page.objects.empty()) return std::string();
  key_ = page.objects.front().key;
  SLUICE_ASSIGN(const uint64_t number, MemoryEntryNumberOf(folder_, key_));
  SLUICE_ASSIGN(std::string text, ReadObject(store_, key_, kLargest));
  next_ = number + 1;
  return text;
}

Status MemoryLog::Append(std::string_view text) {
  SLUICE_ASSIGN(const auto object, store_.Create(MemoryEntryKeyFor(folder_, next_)));
  SLUICE_TRY(object->Write(text));
  SLUICE_TRY(object->Commit());
  const uint64_t mine = next_++;
  if (mine < kKept) return {};
  return store_.Remove(MemoryEntryKeyFor(folder_, mine - kKept));
}

}  // namespace sluice
