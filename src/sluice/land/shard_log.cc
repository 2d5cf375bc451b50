// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/shard_log.h"

#include "sluice/base/log.h"
#include "sluice/object/read_object.h"

namespace sluice {
namespace {

// For people who look; nothing reads them. Entries that are to go are found a page at a time.
constexpr uint64_t kKept = 8;
constexpr size_t kPage = 64;

}  // namespace

// A page may be empty though others come: S3 lists folder markers, and its store leaves them out.
Result<ListPage> ShardLog::ListNewest(size_t limit) {
  for (std::string after;;) {
    SLUICE_ASSIGN(ListPage page, checkpoints_.List(folder_, after, limit));
    if (!page.objects.empty() || !page.next) return page;
    after = *page.next;
  }
}

Result<std::optional<uint64_t>> ShardLog::NewestNumber() {
  SLUICE_ASSIGN(const ListPage page, ListNewest(1));
  if (page.objects.empty()) return std::nullopt;
  return ShardEntryNumberOf(folder_, page.objects.front().key);
}

Result<std::string> ShardLog::Read(uint64_t number) {
  return ReadObject(checkpoints_, ShardEntryKeyFor(folder_, number).text, kLargestShardEntry);
}

Result<std::optional<ShardEntry>> ShardLog::Newest() {
  // One that was taken away between the two calls has followers.
  constexpr int kTries = 3;
  for (int tries = 0; tries < kTries; ++tries) {
    SLUICE_ASSIGN(const std::optional<uint64_t> number, NewestNumber());
    if (!number) return std::nullopt;
    const Result<std::string> text = Read(*number);
    if (!text && text.error().kind() == ErrorKind::kNotFound) continue;
    SLUICE_TRY(text);
    const std::string key = ShardEntryKeyFor(folder_, *number).text;
    Result<ShardEntry> entry = ParseShardEntry(*text);
    if (!entry) return std::unexpected(entry.error().During(checkpoints_.uri() + key));
    if (entry->number == *number) return *std::move(entry);
    return Fail(ErrorKind::kBadData, "the entry has another number than its key: {}{} number={}",
                checkpoints_.uri(), key, entry->number);
  }
  return Fail(ErrorKind::kTransient, "the log of a shard changes while it is read: {}{}",
              checkpoints_.uri(), folder_);
}

Result<ShardLog::Appended> ShardLog::Append(const ShardEntry& entry) {
  const std::string key = ShardEntryKeyFor(folder_, entry.number).text;
  SLUICE_ASSIGN(const auto pending, checkpoints_.Create(key));
  SLUICE_TRY(pending->Write(ToJson(entry)));
  const auto committed = pending->Commit();
  if (!committed && committed.error().kind() == ErrorKind::kConflict) return Appended::kOthers;
  SLUICE_TRY(committed);
  SLUICE_ASSIGN(const ListPage page, ListNewest(kPage));
  if (page.objects.empty() || page.objects.front().key != key) return Appended::kOthers;
  for (const ObjectInfo& object : page.objects) {
    SLUICE_ASSIGN(const uint64_t number, ShardEntryNumberOf(folder_, object.key));
    if (number + kKept > entry.number) continue;
    if (const Status removed = checkpoints_.Remove(object.key); !removed) {
      Log(LogLevel::kWarning, "cannot take away an old entry of a shard's log: {}",
          removed.error().message());
      break;
    }
  }
  return Appended::kMine;
}

}  // namespace sluice
