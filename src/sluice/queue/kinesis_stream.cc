// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/kinesis_stream.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

using std::chrono::milliseconds;

// "Errors" of the operations used, in Kinesis's API reference.
constexpr FailureMeaning kFailures[] = {
    {"ProvisionedThroughputExceededException", ErrorKind::kTransient},
    {"LimitExceededException", ErrorKind::kTransient},  // of calls a second
    {"ResourceInUseException", ErrorKind::kTransient},  // it is being made or changed
    {"ResourceNotFoundException", ErrorKind::kNotFound},
    {"ExpiredIteratorException", ErrorKind::kNotFound},
    {"ExpiredNextTokenException", ErrorKind::kNotFound},
    {"InvalidArgumentException", ErrorKind::kPermanent},
    {"DryRunOperationException", ErrorKind::kPermanent},  // nobody asks for a dry run
    {"InternalFailureException", ErrorKind::kOutcomeUnknown},
    {"KMSAccessDeniedException", ErrorKind::kPermanent},
    {"KMSDisabledException", ErrorKind::kPermanent},
    {"KMSInvalidStateException", ErrorKind::kPermanent},
    {"KMSNotFoundException", ErrorKind::kPermanent},
    {"KMSOptInRequired", ErrorKind::kPermanent},
};

constexpr int kMostPages = 1'000;  // of shards, at least 100 on each

// Kinesis Developer Guide, "Quotas and limits".
constexpr milliseconds kBetweenReads{200};
constexpr int64_t kBytesPerSecond = 2 << 20;

// A position that was trimmed may be read for a long time without a record and without coming
// nearer. So many such reads in a row, and what is there is read from its beginning: nothing is
// kept for less than 24 hours.
constexpr int kMostStandingReads = 10;
constexpr milliseconds kMayBeTrimmed = std::chrono::hours(23);

milliseconds PauseAfter(const std::vector<StreamRecord>& records) {
  int64_t bytes = 0;
  for (const StreamRecord& record : records) bytes += static_cast<int64_t>(record.data.size());
  return std::max(kBetweenReads, milliseconds(bytes * 1000 / kBytesPerSecond));
}

}  // namespace

std::span<const FailureMeaning> KinesisFailures() {
  return kFailures;
}

Result<std::unique_ptr<AwsClient>> MakeKinesisClient(const HttpEndpoint& endpoint,
                                                     const std::string& region,
                                                     std::shared_ptr<CredentialsSource> credentials,
                                                     Clock& clock,
                                                     const AwsClientOptions& options) {
  return AwsClient::Make({.scope = {.service = "kinesis", .region = region},
                          .endpoint = endpoint,
                          .failures = kFailures},
                         std::move(credentials), clock, options);
}

class KinesisStream::Reader : public ShardReader {
 public:
  Reader(KinesisCalls& calls, std::string shard, StreamPosition from)
      : calls_(calls), shard_(std::move(shard)), from_(std::move(from)) {}

  // Asks for an iterator at `position`; records before `from_` are left out.
  Status Seek(const StreamPosition& position) {
    SLUICE_ASSIGN(iterator_, calls_.GetShardIterator(shard_, position));
    return {};
  }
  // Where to begin when the first iterator expires before a record came.
  void RestartFrom(StreamPosition position) { from_ = std::move(position); }

  Result<StreamBatch> Read(size_t most) override;

 private:
  Result<KinesisRecords> Ask(size_t most);
  Status LookOutForTrimmed(const KinesisRecords& page);
  bool IsPassed(const StreamRecord& record) const;

  KinesisCalls& calls_;
  const std::string shard_;
  StreamPosition from_;  // of what comes next
  std::string iterator_;
  bool has_ended_ = false;
  std::vector<std::string> children_;
  int standing_reads_ = 0;
  bool is_from_oldest_ = false;  // of `iterator_`: what comes before `from_` comes too
  milliseconds behind_{0};
};

Result<KinesisRecords> KinesisStream::Reader::Ask(size_t most) {
  auto page = calls_.GetRecords(iterator_, most);
  if (page || page.error().kind() != ErrorKind::kNotFound) return page;
  SLUICE_TRY(Seek(from_));
  is_from_oldest_ = false;
  return calls_.GetRecords(iterator_, most);
}

Status KinesisStream::Reader::LookOutForTrimmed(const KinesisRecords& page) {
  const bool stands = page.records.empty() && page.behind >= kMayBeTrimmed &&
                      page.behind >= behind_ && !page.next_iterator.empty();
  standing_reads_ = stands ? standing_reads_ + 1 : 0;
  behind_ = page.behind;
  if (standing_reads_ < kMostStandingReads) return {};
  standing_reads_ = 0;
  SLUICE_TRY(Seek(StreamPosition::TrimHorizon()));
  is_from_oldest_ = true;
  return {};
}

bool KinesisStream::Reader::IsPassed(const StreamRecord& record) const {
  switch (from_.kind) {
    case StreamPosition::Kind::kAt:
      return record.number < from_.number;
    case StreamPosition::Kind::kAfter:
      return record.number <= from_.number;
    case StreamPosition::Kind::kAtTimestamp:
      // Kinesis's own clock decides where it is asked for a time.
      return is_from_oldest_ && record.arrived < from_.time;
    default:
      return false;
  }
}

Result<StreamBatch> KinesisStream::Reader::Read(size_t most) {
  if (most < 1 || most > kMostRecords) {
    return Fail(ErrorKind::kPermanent, "a read is of 1 to {} records: value={}", kMostRecords,
                most);
  }
  StreamBatch batch{.pause = kBetweenReads};
  if (!has_ended_) {
    SLUICE_ASSIGN(KinesisRecords page, Ask(most));
    batch.pause = PauseAfter(page.records);
    batch.records = std::move(page.records);
    std::erase_if(batch.records, [&](const StreamRecord& record) { return IsPassed(record); });
    if (!batch.records.empty()) from_ = StreamPosition::After(batch.records.back().number);
    iterator_ = page.next_iterator;
    has_ended_ = iterator_.empty();
    children_ = std::move(page.children);
    if (!has_ended_ && page.behind.count() == 0) batch.place = StreamBatch::Place::kAtTip;
    // An iterator that cannot be had now is asked for when the one in hand has expired.
    (void)LookOutForTrimmed(page);
  }
  if (has_ended_) {
    batch.place = StreamBatch::Place::kAtEnd;
    batch.children = children_;
  }
  return batch;
}

Result<std::vector<StreamShard>> KinesisStream::Shards() {
  std::vector<StreamShard> shards;
  std::string token;
  for (int pages = 0; pages < kMostPages; ++pages) {
    auto page = calls_.ListShards(token, shards.empty() ? "" : shards.back().id);
    // A token is good for five minutes; without it the list goes on behind the last shard.
    const bool has_expired = !page && page.error().kind() == ErrorKind::kNotFound && !token.empty();
    if (!page && !has_expired) return std::unexpected(page.error());
    token.clear();
    if (has_expired) continue;
    std::ranges::move(page->shards, std::back_inserter(shards));
    token = page->next;
    if (!token.empty()) continue;
    // Children are made later than their parents, and have greater ids.
    std::ranges::sort(shards, {}, &StreamShard::id);
    return shards;
  }
  return Fail(ErrorKind::kPermanent, "stream {} has more shards than can be listed: shards={}",
              name(), shards.size());
}

Result<std::unique_ptr<ShardReader>> KinesisStream::Open(const std::string& shard,
                                                         const StreamPosition& from) {
  const Timestamp now = clock_.Now();
  auto reader = std::make_unique<Reader>(calls_, shard, from);
  SLUICE_TRY(reader->Seek(from));
  if (from.kind == StreamPosition::Kind::kLatest) {
    reader->RestartFrom(StreamPosition::AtTimestamp(now));
  }
  return reader;
}

}  // namespace sluice
