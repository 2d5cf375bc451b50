// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "sluice/parquet/parquet_format.h"
#include "sluice/parquet/thrift_compact.h"

namespace sluice {
namespace {

// Each Parse function reads one struct (NextField is called from its first field on) and refuses it
// when something is missing or unknown.

class Required {
 public:
  explicit Required(uint32_t fields) : missing_(fields) {}
  void Saw(int id) {
    if (id > 0 && id < 32) missing_ &= ~(1u << id);
  }
  void Check(ThriftReader& r) const {
    if (missing_ != 0) r.Refuse("required field missing");
  }

 private:
  uint32_t missing_;
};

template <typename... Ids>
constexpr uint32_t Fields(Ids... ids) {
  return ((1u << ids) | ...);
}

uint64_t Count64(ThriftReader& r) {
  const int64_t value = r.I64();
  if (value < 0) r.Refuse("negative number");
  return value < 0 ? 0 : static_cast<uint64_t>(value);
}

void ParseTimestamp(ThriftReader& r) {
  bool utc = false, micros = false;
  while (r.NextField()) {
    if (r.id() == 1) {
      utc = r.Bool();
    } else if (r.id() == 2) {
      r.EnterStruct();
      while (r.NextField()) {
        micros = r.id() == 2;
        r.Skip();
      }
    } else {
      r.Skip();
    }
  }
  if (!utc || !micros) r.Refuse("timestamp that is not UTC-adjusted microseconds");
}

void ParseDecimal(ThriftReader& r, const SchemaElement& element) {
  int32_t scale = -1, precision = -1;
  while (r.NextField()) {
    if (r.id() == 1) {
      scale = r.I32();
    } else if (r.id() == 2) {
      precision = r.I32();
    } else {
      r.Skip();
    }
  }
  if (scale != element.scale || precision != element.precision) {
    r.Refuse("two different decimal annotations");
  }
}

void ParseInteger(ThriftReader& r) {
  int8_t bits = 0;
  bool is_signed = false;
  while (r.NextField()) {
    if (r.id() == 1) {
      bits = r.Byte();
    } else if (r.id() == 2) {
      is_signed = r.Bool();
    } else {
      r.Skip();
    }
  }
  if (bits != 16 || !is_signed) r.Refuse("integer annotation other than INT_16");
}

void ParseLogicalType(ThriftReader& r, SchemaElement& element) {
  r.EnterStruct();
  while (r.NextField()) {
    const LogicalType logical{r.id()};
    if (element.logical) r.Refuse("two logical types");
    element.logical = logical;
    r.EnterStruct();
    switch (logical) {
      case LogicalType::kString:
      case LogicalType::kDate:
        while (r.NextField()) r.Skip();
        break;
      case LogicalType::kDecimal:
        ParseDecimal(r, element);
        break;
      case LogicalType::kTimestampMicrosUtc:
        ParseTimestamp(r);
        break;
      case LogicalType::kInt16:
        ParseInteger(r);
        break;
      default:
        r.Refuse("unknown logical type");
    }
  }
}

SchemaElement ParseSchemaElement(ThriftReader& r) {
  SchemaElement element;
  Required required(Fields(1, 3, 4));
  r.BeginStruct();
  while (r.NextField()) {
    required.Saw(r.id());
    switch (r.id()) {
      case 1:
        element.type = PhysicalType{r.I32()};
        break;
      case 2:
        element.type_length = r.I32();
        break;
      case 3: {
        const int32_t repetition = r.I32();
        if (repetition != 0 && repetition != 1) r.Refuse("repeated column");
        element.required = repetition == 0;
        break;
      }
      case 4:
        element.name = r.Binary();
        break;
      case 5:
        r.Refuse("nested column");
        break;
      case 6:
        element.converted = ConvertedType{r.I32()};
        break;
      case 7:
        element.scale = r.I32();
        break;
      case 8:
        element.precision = r.I32();
        break;
      case 10:
        ParseLogicalType(r, element);
        break;
      default:
        r.Skip();
    }
  }
  required.Check(r);
  return element;
}

void ParseSchema(ThriftReader& r, FileMetadata& file) {
  const size_t elements = r.List(ThriftType::kStruct);
  if (elements < 1 || !file.columns.empty()) return r.Refuse("bad schema");
  if (elements - 1 > kMostColumnsInFile) return r.Refuse("too many columns");
  int32_t children = -1;
  r.BeginStruct();
  while (r.NextField()) {
    if (r.id() == 5) {
      children = r.I32();
    } else {
      r.Skip();
    }
  }
  if (children < 1 || static_cast<size_t>(children) != elements - 1) r.Refuse("bad schema root");
  for (size_t i = 1; i < elements && r.ok(); ++i) file.columns.push_back(ParseSchemaElement(r));
}

Codec ParseCodec(ThriftReader& r) {
  switch (r.I32()) {
    case 0:
      return Codec::kUncompressed;
    case 1:
      return Codec::kSnappy;
    case 6:
      return Codec::kZstd;
    default:
      r.Refuse("unknown codec");
      return Codec::kUncompressed;
  }
}

void ParsePath(ThriftReader& r, std::string_view name) {
  const size_t parts = r.List(ThriftType::kBinary);
  if (parts != 1 || r.ElementBinary() != name) r.Refuse("chunk of another column");
}

// `rows` are the chunk's values.
ChunkMetadata ParseChunkMetadata(ThriftReader& r, const SchemaElement& element, uint64_t& rows) {
  ChunkMetadata chunk;
  uint64_t data = 0, dictionary = 0;
  Required required(Fields(1, 2, 3, 4, 5, 6, 7, 9));
  r.EnterStruct();
  while (r.NextField()) {
    required.Saw(r.id());
    switch (r.id()) {
      case 1:
        if (PhysicalType{r.I32()} != element.type) r.Refuse("chunk of another type");
        break;
      case 3:
        ParsePath(r, element.name);
        break;
      case 4:
        chunk.codec = ParseCodec(r);
        break;
      case 5:
        rows = Count64(r);
        break;
      case 6:
        chunk.uncompressed = Count64(r);
        break;
      case 7:
        chunk.compressed = Count64(r);
        break;
      case 9:
        data = Count64(r);
        break;
      case 11:
        dictionary = Count64(r);
        chunk.has_dictionary = true;
        break;
      default:
        r.Skip();
    }
  }
  required.Check(r);
  chunk.offset = chunk.has_dictionary ? dictionary : data;
  if (data < chunk.offset || data - chunk.offset > chunk.compressed) r.Refuse("bad page offset");
  chunk.dictionary_size = data - chunk.offset;
  if (chunk.has_dictionary != (chunk.dictionary_size > 0)) r.Refuse("bad dictionary offset");
  return chunk;
}

RowGroupMetadata ParseRowGroup(ThriftReader& r, const FileMetadata& file) {
  RowGroupMetadata group;
  uint64_t rows = 0;
  std::vector<uint64_t> values;
  Required required(Fields(1, 2, 3));
  r.BeginStruct();
  while (r.NextField()) {
    required.Saw(r.id());
    if (r.id() == 1) {
      if (r.List(ThriftType::kStruct) != file.columns.size() || !group.chunks.empty()) {
        r.Refuse("row group with another number of columns");
      }
      for (const SchemaElement& element : file.columns) {
        bool has_metadata = false;
        r.BeginStruct();
        while (r.NextField()) {
          if (r.id() == 3 && !has_metadata) {
            has_metadata = true;
            group.chunks.push_back(ParseChunkMetadata(r, element, values.emplace_back()));
          } else if (r.id() == 1 || r.id() == 3) {
            r.Refuse("chunk in another file, or twice");
          } else {
            r.Skip();
          }
        }
        if (!has_metadata) r.Refuse("required field missing");
        if (!r.ok()) return group;
      }
    } else if (r.id() == 3) {
      rows = Count64(r);
    } else {
      r.Skip();
    }
  }
  required.Check(r);
  if (rows == 0 || rows > kMostRowsInGroup) r.Refuse("row group without rows or with too many");
  for (const uint64_t n : values) {
    if (n != rows) r.Refuse("chunk with another number of values than its row group");
  }
  group.rows = static_cast<uint32_t>(r.ok() ? rows : 0);
  return group;
}

std::pair<std::string, std::string> ParseKeyValue(ThriftReader& r) {
  std::pair<std::string, std::string> pair;
  Required required(Fields(1, 2));
  r.BeginStruct();
  while (r.NextField()) {
    required.Saw(r.id());
    if (r.id() == 1) {
      pair.first = r.Binary();
    } else if (r.id() == 2) {
      pair.second = r.Binary();
    } else {
      r.Skip();
    }
  }
  required.Check(r);
  return pair;
}

FileMetadata ParseFile(ThriftReader& r) {
  FileMetadata file;
  Required required(Fields(1, 2, 3, 4, 5));
  r.BeginStruct();
  while (r.NextField()) {
    required.Saw(r.id());
    if (r.id() == 2) {
      ParseSchema(r, file);
    } else if (r.id() == 3) {
      file.rows = Count64(r);
    } else if (r.id() == 4) {
      if (file.columns.empty()) r.Refuse("row groups before the schema");
      const size_t groups = r.List(ThriftType::kStruct);
      for (size_t i = 0; i < groups && r.ok(); ++i) {
        file.row_groups.push_back(ParseRowGroup(r, file));
      }
    } else if (r.id() == 5) {
      const size_t pairs = r.List(ThriftType::kStruct);
      for (size_t i = 0; i < pairs && r.ok(); ++i) file.key_values.push_back(ParseKeyValue(r));
    } else {
      r.Skip();
    }
  }
  required.Check(r);
  return file;
}

Status CheckLayout(const FileMetadata& file, uint64_t end) {
  uint64_t rows = 0, offset = kParquetMagic.size();
  for (const RowGroupMetadata& group : file.row_groups) {
    rows += group.rows;
    for (const ChunkMetadata& chunk : group.chunks) {
      if (chunk.offset != offset || chunk.compressed > end - offset) {
        return Fail(ErrorKind::kBadData, "bad footer: chunk out of its place: at={} length={}",
                    chunk.offset, chunk.compressed);
      }
      offset += chunk.compressed;
    }
  }
  if (rows != file.rows) {
    return Fail(ErrorKind::kBadData, "bad footer: rows={} but its row groups have {}", file.rows,
                rows);
  }
  if (offset != end) return Fail(ErrorKind::kBadData, "bad footer: pages end at {}", offset);
  return {};
}

}  // namespace

Result<FileMetadata> ParseFooter(std::string_view footer, uint64_t end) {
  std::string sealed(footer);
  if (!SealFooter(sealed)) {
    return Fail(ErrorKind::kBadData, "bad footer: no {}: not a file of sluice", kFooterCrcKey);
  }
  if (sealed != footer) return Fail(ErrorKind::kBadData, "bad footer: checksum does not match");
  ThriftReader r(footer);
  FileMetadata file = ParseFile(r);
  if (r.ok() && r.position() != footer.size()) r.Refuse("bytes behind the end");
  if (!r.ok()) {
    return Fail(ErrorKind::kBadData, "bad footer: {}: byte={}", r.fault(), r.position());
  }
  if (file.key_values.empty() || file.key_values.back().first != kFooterCrcKey) {
    return Fail(ErrorKind::kBadData, "bad footer: {} is not the last pair", kFooterCrcKey);
  }
  file.key_values.pop_back();
  SLUICE_TRY(CheckLayout(file, end));
  return file;
}

}  // namespace sluice
