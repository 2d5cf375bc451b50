// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"

namespace sluice {

// Every key that sluice writes is built and parsed here; docs/formats.md describes them.

// A key in the raw store: `date=2026-11-23/14/NAME`, or as the layout says.
struct RawKey {
  std::string text;
  friend auto operator<=>(const RawKey&, const RawKey&) = default;
};
// A key in the Parquet store: `date=2026-11-23/14/TABLE/NAME.parquet`.
struct ParquetKey {
  std::string text;
  friend auto operator<=>(const ParquetKey&, const ParquetKey&) = default;
};
// A key in the quarantine store: `date=2026-11-23/14/NAME.parquet`.
struct QuarantineKey {
  std::string text;
  friend auto operator<=>(const QuarantineKey&, const QuarantineKey&) = default;
};

// A key in the checkpoint store, where the landing of streams keeps how far it is.
struct CheckpointKey {
  std::string text;
  friend auto operator<=>(const CheckpointKey&, const CheckpointKey&) = default;
};

// Which version of which raw object: store URI + key + ETag. Two objects are the same if and only
// if their identities are.
struct ObjectIdentity {
  std::string store_uri;  // ends in '/'
  RawKey key;
  std::string etag;

  // "file:///data/raw/date=2026-11-23/14/NAME#ETAG": what the ledger holds. '#', '%' and control
  // characters of the ETag are percent-encoded, so that the last '#' begins it.
  std::string ToText() const;
  // Positive; the first 63 bits of SHA-256 of ToText(). What Parquet rows and the ledger are joined
  // by.
  int64_t Id() const;

  friend auto operator<=>(const ObjectIdentity&, const ObjectIdentity&) = default;
};

// How raw keys begin: strftime, UTC, of the landing time; "date=%Y-%m-%d/%H/" by default. Only %Y
// %m %d %H %M %j %y (2000 to 2099) and %-m %-d %-H %% are understood. The text must hold year and
// day, end in '/', have at most 256 bytes and be a legal key with a name behind it. Layouts and
// keys are fuzzed.
class RawLayout {
 public:
  static Result<RawLayout> Parse(std::string_view layout);
  RawLayout();  // the default

  // `name` is one part of a key. Two calls with different names never give the same key.
  RawKey KeyFor(Timestamp landed, std::string_view name) const;
  // The hour in which `key` was landed by this layout (a layout without %H: midnight); kPermanent
  // where it does not match. Behind the layout's part a key may have anything, folders too.
  Result<Timestamp> HourOf(const RawKey& key) const;
  // The folder below which every key is that was landed in that hour, and maybe others: "" or
  // ending in '/'.
  std::string FolderOf(Timestamp hour) const;
  const std::string& text() const { return layout_; }

 private:
  explicit RawLayout(std::string layout) : layout_(std::move(layout)) {}
  std::string layout_;
};

// "20261123T141502Z-ID.ndjson.zst": the name of a raw object. `id` is unique, `extension` is the
// compression's.
std::string RawObjectName(Timestamp landed, std::string_view id, std::string_view extension);

// "SHARD-0123456789abcdef": the id in the name of the raw object whose first record is `number`.
// The digits are of SHA-256 of stream, shard and number.
std::string StreamObjectId(std::string_view stream, std::string_view shard,
                           std::string_view number);

// `CONSUMER/STREAM/start.json`, and in the folder `CONSUMER/STREAM/shards/` that of one shard's
// log, `SHARD/`, whose entries are numbered from 0: `999999999988.json` is number 11, for the
// newest must be the first in a listing. Each part is made legal as in derived keys.
CheckpointKey StreamStartKeyFor(std::string_view consumer, std::string_view stream);
std::string ShardLogsFolder(std::string_view consumer, std::string_view stream);
std::string ShardLogFolder(std::string_view consumer, std::string_view stream,
                           std::string_view shard);
CheckpointKey ShardEntryKeyFor(std::string_view folder, uint64_t number);
inline constexpr uint64_t kLastShardEntry = 999'999'999'999;
// kPermanent where `key` is no entry's in that folder.
Result<uint64_t> ShardEntryNumberOf(std::string_view folder, std::string_view key);

// Functions of the identity, the table and the revision, nothing else (invariant 2). The folder is
// `hour` in date=%Y-%m-%d/%H/, whatever the raw layout; NAME is the raw name without extensions, at
// most 128 bytes, then '-' and 16 hexadecimal digits of SHA-256 of identity, table and revision
// (each with its length before it). In TABLE and NAME, what may not stand in a part of a key, '%',
// the characters of patterns (\ * ? [ ]) and a first '.' are percent-encoded.
ParquetKey ParquetKeyFor(const ObjectIdentity& identity, Timestamp hour, std::string_view table,
                         std::string_view revision);
QuarantineKey QuarantineKeyFor(const ObjectIdentity& identity, Timestamp hour,
                               std::string_view revision);

// `foreign/SHA256.json` in the quarantine store: the body of a message on the notification queue
// that is not ours.
QuarantineKey ForeignMessageKeyFor(std::string_view body);

// `_sluice/WHAT/PIPELINE/` in the quarantine store, and in it `999999999988.txt`: number 11 of what
// was remembered of `what`, counted down as the entries of a shard's log.
std::string MemoryFolder(std::string_view what, std::string_view pipeline);
std::string MemoryEntryKeyFor(std::string_view folder, uint64_t number);
// kPermanent where `key` is none in that folder.
Result<uint64_t> MemoryEntryNumberOf(std::string_view folder, std::string_view key);

// The rules of ObjectStore for keys, among them at most 1,024 bytes; the message says which one is
// broken. It shows the key only where that can garble nothing.
Status CheckKey(std::string_view key);

}  // namespace sluice
