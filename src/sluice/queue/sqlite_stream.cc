// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/sqlite_stream.h"

#include <charconv>
#include <optional>
#include <utility>

#include "sluice/queue/sqlite_file.h"

namespace sluice {
namespace {

// Numbers of records grow over all shards and are never used again.
constexpr const char* kSchema = R"(
CREATE TABLE shard (
  number       INTEGER PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  parent       TEXT NOT NULL,            -- shard.id, or empty
  other_parent TEXT NOT NULL,
  is_open      INTEGER NOT NULL
);
CREATE TABLE record (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  shard         INTEGER NOT NULL,        -- shard.number
  partition_key TEXT NOT NULL,
  arrived       INTEGER NOT NULL,        -- microseconds since 1970, UTC
  data          BLOB NOT NULL
);
CREATE INDEX record_of_shard ON record (shard, number);
PRAGMA application_id = 0x736C7573;
PRAGMA user_version = 1;
)";

constexpr int64_t kMostBytes = 10 << 20;  // of one read

// What a record's number is here; of another stream's record: nothing.
Result<int64_t> NumberOf(const SequenceNumber& number) {
  int64_t value = 0;
  const char* const end = number.digits.data() + number.digits.size();
  const auto [stop, error] = std::from_chars(number.digits.data(), end, value);
  if (error == std::errc() && stop == end) return value;
  return Fail(ErrorKind::kPermanent, "this sequence number did not come from this stream: {}",
              number.digits);
}

}  // namespace

// Reads records with a number greater than `after_`.
class SqliteStream::Reader : public ShardReader {
 public:
  Reader(SqliteStream& stream, std::string shard, StreamPosition from)
      : stream_(stream), shard_(std::move(shard)), from_(std::move(from)) {}

  // Settles where reading begins, where that is known already.
  Status Begin() {
    SLUICE_ASSIGN(const Shard shard, stream_.Find(shard_));
    SLUICE_ASSIGN(after_, stream_.FirstBefore(shard.number, from_));
    return {};
  }
  Result<StreamBatch> Read(size_t most) override;

 private:
  struct Extent {
    int64_t last;  // of the records to be read now
    bool is_all;   // that there are
  };
  Result<Extent> Measure(int64_t shard, size_t most);
  Result<std::vector<StreamRecord>> Take(int64_t shard, int64_t last);
  Result<std::vector<std::string>> Children();

  SqliteStream& stream_;
  const std::string shard_;
  const StreamPosition from_;
  int64_t after_ = 0;
};

Result<SqliteStream::Reader::Extent> SqliteStream::Reader::Measure(int64_t shard, size_t most) {
  SLUICE_ASSIGN(SqliteStatement sizes,
                stream_.database_->Prepare("SELECT number, length(data) FROM record WHERE shard = "
                                           "?1 AND number > ?2 ORDER BY number LIMIT ?3"));
  Extent extent{.last = after_, .is_all = true};
  int64_t bytes = 0;
  size_t count = 0;
  SLUICE_TRY(sizes.Each({shard, after_, static_cast<int64_t>(most)}, [&](const SqliteRow& row) {
    extent.is_all = bytes < kMostBytes;
    if (!extent.is_all) return;
    extent.last = row.Int(0);
    bytes += row.Int(1);
    ++count;
  }));
  extent.is_all = extent.is_all && count < most;
  return extent;
}

Result<std::vector<StreamRecord>> SqliteStream::Reader::Take(int64_t shard, int64_t last) {
  SLUICE_ASSIGN(SqliteStatement select,
                stream_.database_->Prepare(
                    "SELECT number, partition_key, arrived, data FROM record WHERE shard = ?1 AND "
                    "number > ?2 AND number <= ?3 ORDER BY number"));
  std::vector<StreamRecord> records;
  SLUICE_TRY(select.Each({shard, after_, last}, [&](const SqliteRow& row) {
    records.push_back({.number = {std::to_string(row.Int(0))},
                       .partition_key = std::string(row.Text(1)),
                       .arrived = Timestamp(std::chrono::microseconds(row.Int(2))),
                       .data = std::string(row.Text(3))});
  }));
  return records;
}

Result<std::vector<std::string>> SqliteStream::Reader::Children() {
  SLUICE_ASSIGN(SqliteStatement select,
                stream_.database_->Prepare("SELECT id FROM shard WHERE ?1 IN (parent, "
                                           "other_parent) ORDER BY number"));
  std::vector<std::string> children;
  SLUICE_TRY(
      select.Each({shard_}, [&](const SqliteRow& row) { children.emplace_back(row.Text(0)); }));
  return children;
}

Result<StreamBatch> SqliteStream::Reader::Read(size_t most) {
  if (most < 1 || most > kMostRecords) {
    return Fail(ErrorKind::kPermanent, "a read is of 1 to {} records: value={}", kMostRecords,
                most);
  }
  const std::lock_guard lock(stream_.mutex_);
  // Before the records: a shard that is closed gets no more.
  SLUICE_ASSIGN(const Shard shard, stream_.Find(shard_));
  // No record had arrived at the time until now.
  if (after_ < 0) {
    SLUICE_ASSIGN(after_, stream_.FirstBefore(shard.number, from_));
  }
  StreamBatch batch;
  if (after_ >= 0) {
    SLUICE_ASSIGN(const Extent extent, Measure(shard.number, most));
    SLUICE_ASSIGN(batch.records, Take(shard.number, extent.last));
    after_ = extent.last;
    if (!extent.is_all) return batch;
  }
  batch.place = shard.is_open ? StreamBatch::Place::kAtTip : StreamBatch::Place::kAtEnd;
  if (!shard.is_open) {
    SLUICE_ASSIGN(batch.children, Children());
  }
  return batch;
}

Result<std::unique_ptr<SqliteStream>> SqliteStream::Open(SqliteStreamOptions options,
                                                         Clock& clock) {
  std::unique_ptr<SqliteStream> stream(new SqliteStream(std::move(options), clock));
  if (const Status opened = stream->OpenFile(); !opened) {
    return std::unexpected(
        opened.error().During(fmt::format("cannot open stream {}", stream->options_.name)));
  }
  return stream;
}

Status SqliteStream::OpenFile() {
  SLUICE_ASSIGN(database_, OpenSqliteFile({.path = options_.path,
                                           .busy_timeout = options_.busy_timeout,
                                           .stop = options_.stop},
                                          {.name = "stream file",
                                           .application_id = 0x736C7573,  // "slus"
                                           .version = 1,
                                           .schema = kSchema},
                                          clock_));
  SLUICE_ASSIGN(SqliteTransaction transaction, database_->Begin(Durability::kSynced));
  SLUICE_ASSIGN(SqliteStatement count, database_->Prepare("SELECT count(*) FROM shard"));
  SLUICE_ASSIGN(const int64_t shards, count.Number({}));
  if (shards > 0) return {};
  SLUICE_TRY(Append({}, options_.shards));
  return transaction.Commit();
}

Status SqliteStream::Append(const std::vector<std::string>& parents, int children) {
  SLUICE_ASSIGN(SqliteStatement newest,
                database_->Prepare("SELECT coalesce(max(number), 0) FROM shard"));
  SLUICE_ASSIGN(const int64_t shards, newest.Number({}));
  SLUICE_ASSIGN(SqliteStatement insert,
                database_->Prepare("INSERT INTO shard (number, id, parent, other_parent, is_open) "
                                   "VALUES (?1, ?2, ?3, ?4, 1)"));
  const std::string none;
  for (int64_t number = shards; number < shards + children; ++number) {
    const std::string id = fmt::format("shardId-{:012}", number);
    SLUICE_TRY(insert.Run({number + 1, id, parents.empty() ? none : parents[0],
                           parents.size() < 2 ? none : parents[1]}));
  }
  SLUICE_ASSIGN(SqliteStatement close,
                database_->Prepare("UPDATE shard SET is_open = 0 WHERE id = ?1"));
  for (const std::string& parent : parents) SLUICE_TRY(close.Run({parent}));
  return {};
}

Result<SqliteStream::Shard> SqliteStream::Find(std::string_view shard) {
  SLUICE_ASSIGN(SqliteStatement select,
                database_->Prepare("SELECT number, is_open FROM shard WHERE id = ?1"));
  std::optional<Shard> found;
  SLUICE_TRY(select.Each({shard}, [&](const SqliteRow& row) {
    found = Shard{.number = row.Int(0), .is_open = row.Int(1) != 0};
  }));
  if (found) return *found;
  return Fail(ErrorKind::kNotFound, "stream {} has no shard {}", options_.name, shard);
}

Result<SqliteStream::Shard> SqliteStream::FindOpen(std::string_view shard) {
  SLUICE_ASSIGN(const Shard found, Find(shard));
  if (found.is_open) return found;
  return Fail(ErrorKind::kPermanent, "shard {} of stream {} is closed", shard, options_.name);
}

// The number before the first record to be read; -1 where that is not known yet.
Result<int64_t> SqliteStream::FirstBefore(int64_t shard, const StreamPosition& from) {
  switch (from.kind) {
    case StreamPosition::Kind::kTrimHorizon:
      return 0;
    case StreamPosition::Kind::kLatest: {
      SLUICE_ASSIGN(SqliteStatement newest, database_->Prepare("SELECT coalesce(max(number), 0) "
                                                               "FROM record WHERE shard = ?1"));
      return newest.Number({shard});
    }
    case StreamPosition::Kind::kAtTimestamp: {
      SLUICE_ASSIGN(SqliteStatement first,
                    database_->Prepare("SELECT coalesce(min(number), 0) - 1 FROM record WHERE "
                                       "shard = ?1 AND arrived >= ?2"));
      return first.Number({shard, int64_t{from.time.time_since_epoch().count()}});
    }
    case StreamPosition::Kind::kAt: {
      SLUICE_ASSIGN(const int64_t number, NumberOf(from.number));
      return std::max<int64_t>(number - 1, 0);
    }
    case StreamPosition::Kind::kAfter:
      return NumberOf(from.number);
  }
  return 0;
}

Result<std::vector<StreamShard>> SqliteStream::Shards() {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(
      SqliteStatement select,
      database_->Prepare("SELECT id, parent, other_parent, is_open FROM shard ORDER BY number"));
  std::vector<StreamShard> shards;
  SLUICE_TRY(select.Each({}, [&](const SqliteRow& row) {
    StreamShard& shard = shards.emplace_back(
        StreamShard{.id = std::string(row.Text(0)), .parents = {}, .is_open = row.Int(3) != 0});
    for (const int column : {1, 2}) {
      if (!row.Text(column).empty()) shard.parents.emplace_back(row.Text(column));
    }
  }));
  return shards;
}

Result<std::unique_ptr<ShardReader>> SqliteStream::Open(const std::string& shard,
                                                        const StreamPosition& from) {
  const std::lock_guard lock(mutex_);
  auto reader = std::make_unique<Reader>(*this, shard, from);
  SLUICE_TRY(reader->Begin());
  return reader;
}

Result<SequenceNumber> SqliteStream::Put(const std::string& shard, std::string_view partition_key,
                                         std::string_view data) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(SqliteTransaction transaction, database_->Begin(Durability::kSynced));
  SLUICE_ASSIGN(const Shard found, FindOpen(shard));
  SLUICE_ASSIGN(SqliteStatement insert,
                database_->Prepare("INSERT INTO record (shard, partition_key, arrived, data) "
                                   "VALUES (?1, ?2, ?3, ?4)"));
  SLUICE_TRY(insert.Run({found.number, partition_key,
                         int64_t{clock_.Now().time_since_epoch().count()}, SqliteBlob{data}}));
  const SequenceNumber number{std::to_string(database_->inserted_row())};
  SLUICE_TRY(transaction.Commit());
  return number;
}

Status SqliteStream::Split(const std::string& shard) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(SqliteTransaction transaction, database_->Begin(Durability::kSynced));
  SLUICE_TRY(FindOpen(shard));
  SLUICE_TRY(Append({shard}, 2));
  return transaction.Commit();
}

Status SqliteStream::Merge(const std::string& shard, const std::string& other) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(SqliteTransaction transaction, database_->Begin(Durability::kSynced));
  SLUICE_TRY(FindOpen(shard));
  SLUICE_TRY(FindOpen(other));
  SLUICE_TRY(Append({shard, other}, 1));
  return transaction.Commit();
}

Status SqliteStream::Trim(const std::string& shard, const SequenceNumber& last) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(SqliteTransaction transaction, database_->Begin(Durability::kSynced));
  SLUICE_ASSIGN(const Shard found, Find(shard));
  SLUICE_ASSIGN(const int64_t number, NumberOf(last));
  SLUICE_ASSIGN(SqliteStatement remove,
                database_->Prepare("DELETE FROM record WHERE shard = ?1 AND number <= ?2"));
  SLUICE_TRY(remove.Run({found.number, number}));
  return transaction.Commit();
}

Status SqliteStream::Forget(const std::string& shard) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(SqliteTransaction transaction, database_->Begin(Durability::kSynced));
  SLUICE_ASSIGN(const Shard found, Find(shard));
  if (found.is_open) {
    return Fail(ErrorKind::kPermanent, "shard {} of stream {} is open", shard, options_.name);
  }
  SLUICE_ASSIGN(SqliteStatement records, database_->Prepare("DELETE FROM record WHERE shard = ?1"));
  SLUICE_TRY(records.Run({found.number}));
  SLUICE_ASSIGN(SqliteStatement itself, database_->Prepare("DELETE FROM shard WHERE number = ?1"));
  SLUICE_TRY(itself.Run({found.number}));
  return transaction.Commit();
}

}  // namespace sluice
