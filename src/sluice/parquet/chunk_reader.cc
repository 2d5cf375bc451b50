// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/chunk_reader.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "sluice/base/unaligned.h"
#include "sluice/parquet/parquet_schema.h"
#include "sluice/parquet/rle_hybrid.h"
#include "sluice/parquet/uint128.h"

namespace sluice {
namespace {

// Texts must not move when the string that holds them does: they must not live inside of it.
constexpr size_t kOutsideOfString = 64;

// Appends exactly `count` numbers of `width` bytes.
template <typename T, typename Decode>
Status DecodeNumbers(std::string_view data, size_t count, size_t width, std::vector<T>& out,
                     Decode decode) {
  if (data.size() != count * width) {
    return Fail(ErrorKind::kBadData, "{} bytes of values, not {}", data.size(), count * width);
  }
  out.reserve(out.size() + count);
  for (size_t i = 0; i < count; ++i) out.push_back(decode(data.data() + i * width));
  return {};
}

Status DecodeTexts(std::string_view data, size_t count, std::vector<std::string_view>& out) {
  out.reserve(out.size() + std::min(count, data.size() / 4));
  for (size_t i = 0; i < count; ++i) {
    if (data.size() < 4) return Fail(ErrorKind::kBadData, "texts cut short");
    const uint32_t length = LoadAs<uint32_t>(data.data());
    data.remove_prefix(4);
    if (length > data.size()) return Fail(ErrorKind::kBadData, "text longer than its page");
    out.push_back(data.substr(0, length));
    data.remove_prefix(length);
  }
  if (!data.empty()) return Fail(ErrorKind::kBadData, "{} bytes behind the texts", data.size());
  return {};
}

Status DecodeBooleans(std::string_view data, size_t count, std::vector<int64_t>& out) {
  if (data.size() != (count + 7) / 8) {
    return Fail(ErrorKind::kBadData, "{} bytes of {} booleans", data.size(), count);
  }
  for (size_t i = 0; i < count; ++i) {
    out.push_back(static_cast<uint8_t>(data[i / 8]) >> (i % 8) & 1);
  }
  return {};
}

Int128 LoadDecimal(const char* from, size_t width) {
  UInt128 value = (from[0] & 0x80) != 0 ? ~static_cast<UInt128>(0) : 0;
  for (size_t i = 0; i < width; ++i) value = value << 8 | static_cast<uint8_t>(from[i]);
  return static_cast<Int128>(value);
}

// Appends `count` PLAIN values.
Status DecodePlain(std::string_view data, size_t count, const SchemaElement& element,
                   ColumnBatch& out) {
  const size_t width = static_cast<size_t>(element.type_length);
  switch (element.type) {
    case PhysicalType::kBoolean:
      return DecodeBooleans(data, count, out.ints);
    case PhysicalType::kInt32:
      return DecodeNumbers(data, count, 4, out.ints, LoadAs<int32_t>);
    case PhysicalType::kInt64:
      return DecodeNumbers(data, count, 8, out.ints, LoadAs<int64_t>);
    case PhysicalType::kFloat:
      return DecodeNumbers(data, count, 4, out.doubles,
                           [](const char* at) { return double{LoadAs<float>(at)}; });
    case PhysicalType::kDouble:
      return DecodeNumbers(data, count, 8, out.doubles, LoadAs<double>);
    case PhysicalType::kFixedLenByteArray:
      return DecodeNumbers(data, count, width, out.wide_ints,
                           [width](const char* at) { return LoadDecimal(at, width); });
    case PhysicalType::kByteArray:
      return DecodeTexts(data, count, out.texts);
  }
  return Fail(ErrorKind::kBadData, "unknown type");
}

template <typename T>
Status TakeById(const std::vector<T>& dictionary, const std::vector<uint32_t>& ids,
                std::vector<T>& out) {
  out.reserve(out.size() + ids.size());
  for (const uint32_t id : ids) {
    if (id >= dictionary.size()) return Fail(ErrorKind::kBadData, "id without dictionary value");
    out.push_back(dictionary[id]);
  }
  return {};
}

class ChunkReader {
 public:
  ChunkReader(std::string pages, const ParquetColumn& column, const ChunkMetadata& chunk,
              uint32_t rows)
      : element_(SchemaElementOf(column)),
        kind_(ValueKindOf(column.type)),
        chunk_(chunk),
        rows_(rows) {
    pages.reserve(kOutsideOfString);
    values_.pages.push_back(std::move(pages));
    rest_ = values_.pages.front();
  }

  Result<ColumnValues> Read() {
    uint64_t uncompressed = 0;
    bool first = true;
    while (!rest_.empty()) {
      const size_t at = chunk_.compressed - rest_.size();
      const Result<uint64_t> size = ReadPage(first);
      if (!size) return std::unexpected(size.error().During(fmt::format("page at byte {}", at)));
      uncompressed += *size;
      if (uncompressed > kLargestChunk)
        return Fail(ErrorKind::kBadData, "more than {} of pages", ToText(Bytes{kLargestChunk}));
      if (first && chunk_.has_dictionary &&
          chunk_.compressed - rest_.size() != chunk_.dictionary_size) {
        return Fail(ErrorKind::kBadData, "dictionary of another length than the footer says");
      }
      first = false;
    }
    if (values_.batch.present.size() != rows_ || uncompressed != chunk_.uncompressed) {
      return Fail(ErrorKind::kBadData, "pages do not add up: rows={} of {} bytes={} of {}",
                  values_.batch.present.size(), rows_, uncompressed, chunk_.uncompressed);
    }
    return std::move(values_);
  }

 private:
  // Returns the page's size before compression, with its header.
  Result<uint64_t> ReadPage(bool first) {
    SLUICE_ASSIGN(const auto parsed, ParsePageHeader(rest_));
    const auto& [header, header_size] = parsed;
    rest_.remove_prefix(header_size);
    if (header.compressed > rest_.size() ||
        header.uncompressed > ParquetReader::kLargestPage.count) {
      return Fail(ErrorKind::kBadData, "bad size: compressed={} uncompressed={}", header.compressed,
                  header.uncompressed);
    }
    const std::string_view stored = rest_.substr(0, header.compressed);
    rest_.remove_prefix(header.compressed);
    if (Crc32(stored) != header.crc) return Fail(ErrorKind::kBadData, "checksum does not match");
    const bool is_dictionary = header.type == PageType::kDictionary;
    if (is_dictionary != (first && chunk_.has_dictionary)) {
      return Fail(ErrorKind::kBadData,
                  "dictionary page where none belongs, or none where one does");
    }
    SLUICE_ASSIGN(const std::string_view body, Decompressed(stored, header.uncompressed));
    SLUICE_TRY(is_dictionary ? ReadDictionary(header, body) : ReadRows(header, body));
    return header_size + header.uncompressed;
  }

  Result<std::string_view> Decompressed(std::string_view stored, size_t size) {
    if (chunk_.codec == Codec::kUncompressed) {
      if (stored.size() != size) return Fail(ErrorKind::kBadData, "two sizes of one block");
      return stored;
    }
    // The pages of texts must stay; of others only the latest is needed.
    if (kind_ == ValueKind::kText || values_.pages.size() == 1) {
      values_.pages.emplace_back().reserve(kOutsideOfString);
    }
    SLUICE_TRY(codec_.Decompress(chunk_.codec, stored, size, values_.pages.back()));
    return values_.pages.back();
  }

  Status ReadDictionary(const PageHeader& header, std::string_view body) {
    if (header.values > kMostDictionaryValues ||
        (header.encoding != PageEncoding::kPlain &&
         header.encoding != PageEncoding::kPlainDictionary)) {
      return Fail(ErrorKind::kBadData, "bad dictionary: values={}", header.values);
    }
    return DecodePlain(body, header.values, element_, dictionary_);
  }

  Status ReadRows(const PageHeader& header, std::string_view body) {
    if (header.values == 0 || header.values > kMostRowsInPage ||
        header.values > rows_ - values_.batch.present.size()) {
      return Fail(ErrorKind::kBadData, "page with {} rows where {} are left", header.values,
                  rows_ - values_.batch.present.size());
    }
    size_t count = header.values;
    if (element_.required) {
      values_.batch.present.insert(values_.batch.present.end(), count, 1);
    } else {
      SLUICE_ASSIGN(count, ReadLevels(header.values, body));
    }
    if (header.encoding == PageEncoding::kPlain) {
      return DecodePlain(body, count, element_, values_.batch);
    }
    if (header.encoding == PageEncoding::kRle || !chunk_.has_dictionary || body.empty()) {
      return Fail(ErrorKind::kBadData, "values that are neither PLAIN nor ids of a dictionary");
    }
    SLUICE_TRY(DecodeHybrid(body.substr(1), static_cast<uint8_t>(body[0]), count, numbers_));
    return TakeIds();
  }

  // Takes the definition levels off the front of `body`; returns how many values follow.
  Result<size_t> ReadLevels(size_t rows, std::string_view& body) {
    if (body.size() < 4 || LoadAs<uint32_t>(body.data()) > body.size() - 4) {
      return Fail(ErrorKind::kBadData, "definition levels cut short");
    }
    const uint32_t size = LoadAs<uint32_t>(body.data());
    SLUICE_TRY(DecodeHybrid(body.substr(4, size), 1, rows, numbers_));
    body.remove_prefix(4 + size);
    values_.batch.present.insert(values_.batch.present.end(), numbers_.begin(), numbers_.end());
    return static_cast<size_t>(std::count(numbers_.begin(), numbers_.end(), 1u));
  }

  Status TakeIds() {
    ColumnBatch& out = values_.batch;
    switch (kind_) {
      case ValueKind::kInt64:
        return TakeById(dictionary_.ints, numbers_, out.ints);
      case ValueKind::kInt128:
        return TakeById(dictionary_.wide_ints, numbers_, out.wide_ints);
      case ValueKind::kDouble:
        return TakeById(dictionary_.doubles, numbers_, out.doubles);
      case ValueKind::kText:
        return TakeById(dictionary_.texts, numbers_, out.texts);
    }
    return {};
  }

  const SchemaElement element_;
  const ValueKind kind_;
  const ChunkMetadata chunk_;
  const uint32_t rows_;
  ColumnValues values_;
  std::string_view rest_;
  BlockCodec codec_;
  ColumnBatch dictionary_;
  std::vector<uint32_t> numbers_;  // levels or ids of the current page
};

}  // namespace

Result<ColumnValues> ReadChunk(std::string pages, const ParquetColumn& column,
                               const ChunkMetadata& chunk, uint32_t rows) {
  if (pages.size() != chunk.compressed) return Fail(ErrorKind::kBadData, "chunk cut short");
  return ChunkReader(std::move(pages), column, chunk, rows).Read();
}

}  // namespace sluice
