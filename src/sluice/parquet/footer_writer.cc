// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "sluice/parquet/parquet_format.h"
#include "sluice/parquet/thrift_compact.h"

namespace sluice {
namespace {

constexpr std::string_view kNoSeal = "00000000";

int64_t Signed(uint64_t value) {
  return static_cast<int64_t>(value);
}

// The union LogicalType: one field, whose id is the kind.
void WriteLogicalType(ThriftWriter& w, const SchemaElement& element) {
  w.BeginStruct(10);
  w.BeginStruct(static_cast<int>(*element.logical));
  switch (*element.logical) {
    case LogicalType::kString:
    case LogicalType::kDate:
      break;
    case LogicalType::kDecimal:
      w.I32(1, element.scale);
      w.I32(2, element.precision);
      break;
    case LogicalType::kTimestampMicrosUtc:
      w.Bool(1, true);   // isAdjustedToUTC
      w.BeginStruct(2);  // unit
      w.BeginStruct(2);  // MICROS
      w.End();
      w.End();
      break;
    case LogicalType::kInt16:
      w.Byte(1, 16);
      w.Bool(2, true);  // isSigned
      break;
  }
  w.End();
  w.End();
}

void WriteSchemaElement(ThriftWriter& w, const SchemaElement& element) {
  w.BeginElementStruct();
  w.I32(1, static_cast<int32_t>(element.type));
  if (element.type == PhysicalType::kFixedLenByteArray) w.I32(2, element.type_length);
  w.I32(3, element.required ? 0 : 1);
  w.Binary(4, element.name);
  if (element.converted) w.I32(6, static_cast<int32_t>(*element.converted));
  if (element.logical == LogicalType::kDecimal) {
    w.I32(7, element.scale);
    w.I32(8, element.precision);
  }
  if (element.logical) WriteLogicalType(w, element);
  w.End();
}

void WriteSchema(ThriftWriter& w, const std::vector<SchemaElement>& columns) {
  w.BeginList(2, ThriftType::kStruct, columns.size() + 1);
  w.BeginElementStruct();
  w.Binary(4, "schema");
  w.I32(5, static_cast<int32_t>(columns.size()));
  w.End();
  for (const SchemaElement& element : columns) WriteSchemaElement(w, element);
}

// max (1) and min (2) are deprecated: their sort order was never defined.
void WriteStatistics(ThriftWriter& w, const ChunkStatistics& statistics) {
  w.BeginStruct(12);
  w.I64(3, Signed(statistics.nulls));
  if (statistics.min_max) {
    w.Binary(5, statistics.min_max->second);
    w.Binary(6, statistics.min_max->first);
  }
  w.End();
}

int32_t CodecNumber(Codec codec) {
  switch (codec) {
    case Codec::kUncompressed:
      return 0;
    case Codec::kSnappy:
      return 1;
    case Codec::kZstd:
      return 6;
  }
  return 0;
}

void WriteChunk(ThriftWriter& w, const SchemaElement& element, const ChunkMetadata& chunk,
                uint32_t rows) {
  std::vector<PageEncoding> encodings;
  if (chunk.has_dictionary) encodings.push_back(PageEncoding::kRleDictionary);
  // The dictionary page itself is PLAIN.
  encodings.push_back(PageEncoding::kPlain);
  encodings.push_back(PageEncoding::kRle);

  w.BeginElementStruct();
  w.I64(2, Signed(chunk.offset));
  w.BeginStruct(3);
  w.I32(1, static_cast<int32_t>(element.type));
  w.BeginList(2, ThriftType::kI32, encodings.size());
  for (const PageEncoding encoding : encodings) w.ElementI32(static_cast<int32_t>(encoding));
  w.BeginList(3, ThriftType::kBinary, 1);
  w.ElementBinary(element.name);
  w.I32(4, CodecNumber(chunk.codec));
  w.I64(5, rows);
  w.I64(6, Signed(chunk.uncompressed));
  w.I64(7, Signed(chunk.compressed));
  w.I64(9, Signed(chunk.offset + chunk.dictionary_size));
  if (chunk.has_dictionary) w.I64(11, Signed(chunk.offset));
  WriteStatistics(w, chunk.statistics);
  w.End();
  w.End();
}

void WriteRowGroup(ThriftWriter& w, const FileMetadata& file, const RowGroupMetadata& group) {
  uint64_t uncompressed = 0, compressed = 0;
  w.BeginElementStruct();
  w.BeginList(1, ThriftType::kStruct, group.chunks.size());
  for (size_t i = 0; i < group.chunks.size(); ++i) {
    WriteChunk(w, file.columns[i], group.chunks[i], group.rows);
    uncompressed += group.chunks[i].uncompressed;
    compressed += group.chunks[i].compressed;
  }
  w.I64(2, Signed(uncompressed));
  w.I64(3, group.rows);
  w.I64(5, Signed(group.chunks.front().offset));
  w.I64(6, Signed(compressed));
  w.End();
}

void WriteKeyValue(ThriftWriter& w, std::string_view key, std::string_view value) {
  w.BeginElementStruct();
  w.Binary(1, key);
  w.Binary(2, value);
  w.End();
}

// Where in `footer` the digits of the seal stand. The last occurrence: the pair comes last.
size_t FindSeal(std::string_view footer) {
  const size_t key = footer.rfind(kFooterCrcKey);
  // Behind the key: the header of field 2 and the length of its value.
  const size_t seal = key + kFooterCrcKey.size() + 2;
  if (key == std::string_view::npos || seal + kNoSeal.size() > footer.size()) {
    return std::string_view::npos;
  }
  return seal;
}

}  // namespace

std::string FormatFooter(const FileMetadata& metadata) {
  std::string footer;
  ThriftWriter w(footer);
  w.I32(1, 1);  // version: the one that every reader takes
  WriteSchema(w, metadata.columns);
  w.I64(3, Signed(metadata.rows));
  w.BeginList(4, ThriftType::kStruct, metadata.row_groups.size());
  for (const RowGroupMetadata& group : metadata.row_groups) WriteRowGroup(w, metadata, group);
  w.BeginList(5, ThriftType::kStruct, metadata.key_values.size() + 1);
  for (const auto& [key, value] : metadata.key_values) WriteKeyValue(w, key, value);
  WriteKeyValue(w, kFooterCrcKey, kNoSeal);
  w.Binary(6, fmt::format("sluice version {}", kParquetWriterVersion));
  // Without column_orders readers ignore min_value and max_value.
  w.BeginList(7, ThriftType::kStruct, metadata.columns.size());
  for (size_t i = 0; i < metadata.columns.size(); ++i) {
    w.BeginElementStruct();
    w.BeginStruct(1);  // TypeDefinedOrder
    w.End();
    w.End();
  }
  w.End();
  SealFooter(footer);
  return footer;
}

bool SealFooter(std::string& footer) {
  const size_t seal = FindSeal(footer);
  if (seal == std::string::npos) return false;
  footer.replace(seal, kNoSeal.size(), kNoSeal);
  footer.replace(seal, kNoSeal.size(), fmt::format("{:08x}", Crc32(footer)));
  return true;
}

}  // namespace sluice
