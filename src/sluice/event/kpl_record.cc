// SPDX-License-Identifier: Apache-2.0
#include "sluice/event/kpl_record.h"

#include <algorithm>

#include "sluice/base/hash.h"
#include "sluice/event/protobuf_reader.h"

namespace sluice {
namespace {

constexpr std::string_view kMagic = "\xF3\x89\x9A\xC2";
constexpr size_t kDigestBytes = 16;

// Of the messages AggregatedRecord and Record.
constexpr uint32_t kRecords = 3, kPartitionKeyIndex = 1, kData = 3;

bool IsDigestOf(std::string_view digest, std::string_view message) {
  return std::ranges::equal(digest, Md5Of(message), {},
                            [](char byte) { return static_cast<uint8_t>(byte); });
}

// Both of what a user's record must have.
std::optional<std::string_view> DataOf(std::string_view record) {
  ProtobufReader reader(record);
  bool has_key = false;
  std::optional<std::string_view> data;
  while (const auto field = reader.Next()) {
    if (field->number == kPartitionKeyIndex && field->type == ProtobufField::Type::kVarint) {
      has_key = true;
    }
    if (field->number == kData && field->type == ProtobufField::Type::kBytes) data = field->bytes;
  }
  return reader.is_whole() && has_key ? data : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::string_view>> UserRecordsOf(std::string_view data) {
  if (!data.starts_with(kMagic) || data.size() < kMagic.size() + kDigestBytes) return std::nullopt;
  const std::string_view digest = data.substr(data.size() - kDigestBytes);
  data.remove_prefix(kMagic.size());
  data.remove_suffix(kDigestBytes);
  if (!IsDigestOf(digest, data)) return std::nullopt;
  std::vector<std::string_view> records;
  ProtobufReader reader(data);
  while (const auto field = reader.Next()) {
    if (field->number != kRecords || field->type != ProtobufField::Type::kBytes) continue;
    const auto record = DataOf(field->bytes);
    if (!record) return std::nullopt;
    records.push_back(*record);
  }
  if (!reader.is_whole() || records.empty()) return std::nullopt;
  return records;
}

}  // namespace sluice
