// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/codec/block_codec.h"
#include "sluice/parquet/parquet_schema.h"

namespace sluice {

// The structures of parquet.thrift (parquet-format 2.10) as far as sluice uses them.

inline constexpr std::string_view kParquetMagic = "PAR1";

// What a file, a row group and a page of ours hold at most; the reader refuses more, which bounds
// its memory.
inline constexpr size_t kMostColumnsInFile = 1602;  // a table's 1,600 and the technical two
inline constexpr uint32_t kMostRowsInGroup = 1 << 20;
inline constexpr uint32_t kMostRowsInPage = 1 << 15;
inline constexpr uint32_t kMostDictionaryValues = 1 << 16;

enum class PageType : int32_t { kData = 0, kDictionary = 2 };
enum class PageEncoding : int32_t {
  kPlain = 0,
  kPlainDictionary = 2,
  kRle = 3,
  kRleDictionary = 8
};

struct PageHeader {
  PageType type = PageType::kData;
  PageEncoding encoding = PageEncoding::kPlain;
  uint32_t values = 0;        // rows of a data page (nulls too), entries of a dictionary page
  uint32_t uncompressed = 0;  // bytes behind the header, before
  uint32_t compressed = 0;    // and after compression
  uint32_t crc = 0;           // of these bytes as they are stored
};

void AppendPageHeader(const PageHeader& header, std::string& out);
// Reads a header from the front of `data` and says how long it is.
Result<std::pair<PageHeader, size_t>> ParsePageHeader(std::string_view data);

struct ChunkStatistics {
  uint64_t nulls = 0;
  // Both or none, exact, PLAIN-encoded without length. The empty string is a legal minimum.
  std::optional<std::pair<std::string, std::string>> min_max;
};

struct ChunkMetadata {
  Codec codec = Codec::kUncompressed;
  bool has_dictionary = false;   // its page comes first
  uint64_t offset = 0;           // of the first page in the file
  uint64_t dictionary_size = 0;  // of the dictionary page with its header; 0 without
  uint64_t uncompressed = 0;     // all pages with their headers
  uint64_t compressed = 0;
  ChunkStatistics statistics;  // writer only: the reader has no use for them
};

struct RowGroupMetadata {
  uint32_t rows = 0;
  std::vector<ChunkMetadata> chunks;  // one for each column
};

struct FileMetadata {
  uint64_t rows = 0;
  std::vector<SchemaElement> columns;
  std::vector<RowGroupMetadata> row_groups;
  std::vector<std::pair<std::string, std::string>> key_values;
};

// The key whose value is the CRC-32 of the footer, as 8 hexadecimal digits, computed over the
// footer with these digits all '0'. Pages have a CRC by the format; the footer has not.
inline constexpr std::string_view kFooterCrcKey = "sluice.footer_crc32";

// The footer of a file (FileMetaData, without length and magic), sealed with kFooterCrcKey as the
// last of its key-value pairs.
std::string FormatFooter(const FileMetadata& metadata);

// The metadata of a sealed footer; key_values without the seal. `end` is where in the file the
// footer begins, not before the magic's end: the chunks must fill the file from behind the magic to
// there, in order and without gaps.
Result<FileMetadata> ParseFooter(std::string_view footer, uint64_t end);

// Computes the seal of `footer` anew and writes it. False if there is none. For the writer and for
// tests that damage footers.
bool SealFooter(std::string& footer);

}  // namespace sluice
