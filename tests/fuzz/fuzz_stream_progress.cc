// SPDX-License-Identifier: Apache-2.0
// An entry of a shard's log, and the start of a stream's landing: what is taken for one of them
// survives a round trip, and its numbers and keys are legal.
#include "sluice/land/shard_entry.h"
#include "sluice/land/stream_start.h"
#include "tests/fuzz/fuzz_target.h"

namespace sluice {
namespace {

void CheckEntry(std::string_view text) {
  const auto entry = ParseShardEntry(text);
  if (!entry) return;
  const auto again = ParseShardEntry(ToJson(*entry));
  SLUICE_CHECK(again && *again == *entry);
  SLUICE_CHECK(entry->range || entry->state == ShardEntry::State::kFinished);
  if (!entry->range) return;
  SLUICE_CHECK(entry->range->first <= entry->range->last);
  SLUICE_CHECK(entry->range->records == 0 || CheckKey(entry->range->key.text));
}

void CheckStart(std::string_view text) {
  const auto start = ParseStreamStart(text);
  if (!start) return;
  const auto again = ParseStreamStart(StreamStartJson(*start));
  SLUICE_CHECK(again && again->kind == start->kind && again->time == start->time);
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const ShardRange range{.first = {"9"},
                         .last = {"49590338271490256608559692538361571095921575989136588898"},
                         .records = 2,
                         .key = {"date=2026-11-23/14/x.ndjson"}};
  return {ToJson({.number = 3, .worker = "w", .range = range}),
          ToJson({.worker = "w", .state = ShardEntry::State::kFinished}),
          ToJson({.worker = "w", .state = ShardEntry::State::kLanded, .range = range, .lost = 7}),
          StreamStartJson(StreamPosition::TrimHorizon()),
          StreamStartJson(StreamPosition::AtTimestamp(Timestamp(std::chrono::hours(480'000))))};
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const std::string_view text = FuzzInput(data, size).Rest();
  CheckEntry(text);
  CheckStart(text);
  return 0;
}
