// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/object/object_names.h"
#include "sluice/queue/sequence_number.h"

namespace sluice {

// A range of records of one shard, and the raw object that it becomes. The object's bytes follow
// from the records alone, so whoever lands a range writes the same object.
struct ShardRange {
  SequenceNumber first, last;  // both are of it
  uint64_t records = 0;
  RawKey key;
  StreamFormat format = StreamFormat::kZstd;
  // SHA-256 of the object's lines as they were when the range was begun, in hexadecimal; empty
  // where nobody knows. Another version may make other lines of the same records.
  std::string lines;

  friend bool operator==(const ShardRange&, const ShardRange&) = default;
};

// One entry of a shard's log; the newest says all that there is to know:
//
//   landing   `range` is being made into its object, which may be there or not
//   landed    everything up to range.last is in raw objects, or lost
//   finished  the same, and the shard has ended there; without `range` it never had a record
struct ShardEntry {
  enum class State { kLanding, kLanded, kFinished };

  uint64_t number = 0;  // from 0, without a gap
  std::string worker;   // who wrote it: a unique id, so that no two workers write the same entry
  State state = State::kLanding;
  std::optional<ShardRange> range;
  // Records of the entry before this one that were gone when they were read again. Where all of
  // them were, `range` is that range with 0 records, and there is no object.
  uint64_t lost = 0;

  friend bool operator==(const ShardEntry&, const ShardEntry&) = default;
};

// JSON; docs/formats.md describes it.
std::string ToJson(const ShardEntry& entry);
// kBadData where `text` is no entry, kPermanent where it is of another version. Fuzzed; of at most
// 16 KiB.
inline constexpr size_t kLargestShardEntry = 16 << 10;
Result<ShardEntry> ParseShardEntry(std::string_view text);

}  // namespace sluice
