// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/forgotten_shard.h"

#include "sluice/base/log.h"
#include "sluice/land/range_writer.h"
#include "sluice/land/shard_log.h"

namespace sluice {

Result<std::vector<std::string>> ShardLogFolders(ObjectStore& checkpoints,
                                                 std::string_view consumer,
                                                 std::string_view stream) {
  constexpr size_t kPage = 1'000;
  const std::string all = ShardLogsFolder(consumer, stream);
  std::vector<std::string> folders;
  for (std::string after;;) {
    SLUICE_ASSIGN(const ListPage page, checkpoints.List(all, after, kPage));
    for (const ObjectInfo& object : page.objects) {
      const size_t end = object.key.find('/', all.size());
      if (end == std::string::npos) continue;
      std::string folder = object.key.substr(0, end + 1);
      if (folders.empty() || folders.back() != folder) folders.push_back(std::move(folder));
    }
    if (!page.next) return folders;
    after = *page.next;
  }
}

Result<LandReport> SettleForgottenShard(const ShardLander::Parts& parts, const std::string& worker,
                                        const std::string& folder) {
  ShardLog log(parts.checkpoints, folder);
  LandReport report;
  SLUICE_ASSIGN(const std::optional<ShardEntry> newest, log.Newest());
  if (!newest || newest->state == ShardEntry::State::kFinished) return report;
  if (newest->state == ShardEntry::State::kLanding) {
    // Its worker may have died behind the object.
    const auto stored = CommitAgain(parts.raw, newest->range->key);
    if (!stored && stored.error().kind() != ErrorKind::kNotFound) {
      return std::unexpected(stored.error());
    }
    if (!stored) report.lost = newest->range->records;
  }
  ShardEntry entry{.number = newest->number + 1,
                   .worker = worker,
                   .state = ShardEntry::State::kFinished,
                   .range = newest->range,
                   .lost = report.lost};
  SLUICE_ASSIGN(const ShardLog::Appended appended, log.Append(entry));
  if (appended == ShardLog::Appended::kOthers) return LandReport();
  Log(report.lost > 0 ? LogLevel::kError : LogLevel::kWarning,
      "a shard is gone that was not landed to its end: what it held behind its last landed record, "
      "if anything, is lost; land more often, or let the stream keep records for longer: stream={} "
      "log={} last={} lost={} or more",
      parts.stream.name(), folder, newest->range->last.digits, report.lost);
  return report;
}

}  // namespace sluice
