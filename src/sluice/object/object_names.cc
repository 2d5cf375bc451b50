// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/object_names.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>

#include "sluice/base/check.h"
#include "sluice/base/hash.h"
#include "sluice/base/percent_encoding.h"
#include "sluice/base/utf8.h"

namespace sluice {
namespace {

constexpr size_t kLongestKey = 1024;
constexpr size_t kLongestName = 128;  // of what a derived key takes over from a raw key or table

bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

std::string HourFolder(Timestamp hour) {
  return RawLayout().KeyFor(hour, "").text;
}

// What warehouses and shells take for more than itself in a path.
constexpr std::string_view kPatternCharacters = "\\*?[]";

// One legal part of a key that shows `text`, short enough to have more behind it in a file name. It
// need not be unique: the hash in a derived name is.
std::string PartFor(std::string_view text) {
  const bool is_utf8 = IsUtf8(text);
  std::string part;
  for (const char c : text) {
    const bool is_plain = !IsControl(c) && c != '/' && c != '%' &&
                          kPatternCharacters.find(c) == std::string_view::npos &&
                          (is_utf8 || (c & 0x80) == 0);
    if (is_plain && !(c == '.' && part.empty())) {
      part += c;
    } else {
      AppendPercent(part, c);
    }
  }
  return std::string(Utf8Prefix(part, kLongestName));
}

std::string FolderFor(std::string_view text) {
  return (text.empty() ? "%" : PartFor(text)) + '/';
}

// The last part of a raw key up to its first '.'.
std::string_view NameOf(const RawKey& key) {
  const std::string_view name = std::string_view(key.text).substr(key.text.rfind('/') + 1);
  return name.substr(0, name.find('.'));
}

// 16 hexadecimal digits of SHA-256 of the fields, each with its length before it.
std::string DigestOf(std::initializer_list<std::string_view> fields) {
  Sha256 hash;
  for (const std::string_view field : fields) {
    hash.Update(fmt::format("{}:", field.size()));
    hash.Update(field);
  }
  return ToHex(hash.Finish()).substr(0, 16);
}

std::string DerivedName(const ObjectIdentity& identity, std::string_view table,
                        std::string_view revision) {
  return fmt::format(
      "{}-{}.parquet", PartFor(NameOf(identity.key)),
      DigestOf({identity.store_uri, identity.key.text, identity.etag, table, revision}));
}

std::string StreamFolder(std::string_view consumer, std::string_view stream) {
  return FolderFor(consumer) + FolderFor(stream);
}

constexpr std::string_view kShardEntryEnding = ".json", kMemoryEntryEnding = ".txt";
constexpr size_t kEntryDigits = 12;

// Counted down, so that the newest is the first in a listing.
std::string EntryKey(std::string_view folder, uint64_t number, std::string_view ending) {
  SLUICE_CHECK(number <= kLastShardEntry);
  return fmt::format("{}{:0{}}{}", folder, kLastShardEntry - number, kEntryDigits, ending);
}

std::optional<uint64_t> EntryNumber(std::string_view folder, std::string_view key,
                                    std::string_view ending) {
  uint64_t reversed = 0;
  const std::string_view digits = key.substr(std::min(folder.size(), key.size()));
  std::from_chars(digits.data(), digits.data() + digits.size(), reversed);
  // Writing it again finds everything that is wrong.
  if (reversed > kLastShardEntry) return std::nullopt;
  const uint64_t number = kLastShardEntry - reversed;
  if (EntryKey(folder, number, ending) != key) return std::nullopt;
  return number;
}

}  // namespace

std::string ObjectIdentity::ToText() const {
  std::string text = store_uri + key.text + '#';
  for (const char c : etag) {  // escaped, so that the last '#' always begins the ETag
    if (c == '#' || c == '%' || IsControl(c)) {
      AppendPercent(text, c);
    } else {
      text += c;
    }
  }
  return text;
}

int64_t ObjectIdentity::Id() const {
  return First63Bits(Sha256Of(ToText()));
}

std::string RawObjectName(Timestamp landed, std::string_view id, std::string_view extension) {
  const auto day = std::chrono::floor<std::chrono::days>(landed);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(landed - day));
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z-{}.ndjson{}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(), id,
                     extension);
}

std::string StreamObjectId(std::string_view stream, std::string_view shard,
                           std::string_view number) {
  return fmt::format("{}-{}", PartFor(shard), DigestOf({stream, shard, number}));
}

CheckpointKey StreamStartKeyFor(std::string_view consumer, std::string_view stream) {
  return {StreamFolder(consumer, stream) + "start.json"};
}

std::string ShardLogsFolder(std::string_view consumer, std::string_view stream) {
  return StreamFolder(consumer, stream) + "shards/";
}

std::string ShardLogFolder(std::string_view consumer, std::string_view stream,
                           std::string_view shard) {
  return ShardLogsFolder(consumer, stream) + FolderFor(shard);
}

CheckpointKey ShardEntryKeyFor(std::string_view folder, uint64_t number) {
  return {EntryKey(folder, number, kShardEntryEnding)};
}

Result<uint64_t> ShardEntryNumberOf(std::string_view folder, std::string_view key) {
  if (const auto number = EntryNumber(folder, key, kShardEntryEnding)) return *number;
  return Fail(ErrorKind::kPermanent, "not an entry of this shard's log: key={} folder={}", key,
              folder);
}

std::string MemoryFolder(std::string_view what, std::string_view pipeline) {
  return fmt::format("_sluice/{}/{}", what, FolderFor(pipeline));
}

std::string MemoryEntryKeyFor(std::string_view folder, uint64_t number) {
  return EntryKey(folder, number, kMemoryEntryEnding);
}

Result<uint64_t> MemoryEntryNumberOf(std::string_view folder, std::string_view key) {
  if (const auto number = EntryNumber(folder, key, kMemoryEntryEnding)) return *number;
  return Fail(ErrorKind::kPermanent, "not what a pipeline remembers: key={} folder={}", key,
              folder);
}

ParquetKey ParquetKeyFor(const ObjectIdentity& identity, Timestamp hour, std::string_view table,
                         std::string_view revision) {
  return {HourFolder(hour) + FolderFor(table) + DerivedName(identity, table, revision)};
}

QuarantineKey QuarantineKeyFor(const ObjectIdentity& identity, Timestamp hour,
                               std::string_view revision) {
  return {HourFolder(hour) + DerivedName(identity, "", revision)};
}

Status CheckKey(std::string_view key) {
  // The key itself is not shown where it could garble a terminal or fill a log.
  if (key.empty()) return Fail(ErrorKind::kPermanent, "not a key: it is empty");
  if (key.size() > kLongestKey) {
    return Fail(ErrorKind::kPermanent, "not a key: longer than {} bytes: size={}", kLongestKey,
                key.size());
  }
  if (!IsUtf8(key)) return Fail(ErrorKind::kPermanent, "not a key: it is not UTF-8");
  for (size_t i = 0; i < key.size(); ++i) {
    if (IsControl(key[i])) {
      return Fail(ErrorKind::kPermanent, "not a key: control character {} at byte {}",
                  static_cast<int>(key[i]), i);
    }
  }
  for (size_t start = 0; start <= key.size();) {
    const size_t end = std::min(key.find('/', start), key.size());
    const std::string_view part = key.substr(start, end - start);
    if (part.empty()) return Fail(ErrorKind::kPermanent, "not a key: an empty part: key={}", key);
    if (part == "." || part == "..") {
      return Fail(ErrorKind::kPermanent, "not a key: a part is '{}': key={}", part, key);
    }
    start = end + 1;
  }
  return {};
}

}  // namespace sluice
