// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/parquet_reader.h"

#include <algorithm>

#include "sluice/base/check.h"
#include "sluice/parquet/chunk_reader.h"
#include "sluice/parquet/parquet_format.h"
#include "sluice/parquet/parquet_schema.h"

namespace sluice {

struct ParquetReader::State {
  RandomAccess& file;
  FileMetadata metadata;
  std::vector<ParquetColumn> columns;
};

namespace {

// The footer's length and the magic.
constexpr uint64_t kTrailer = 8;

Result<std::string> ReadBytes(RandomAccess& file, uint64_t offset, uint64_t size) {
  std::string bytes(size, '\0');
  SLUICE_TRY(file.ReadAt(offset, bytes));
  return bytes;
}

// The footer's bytes, after a look at both ends of the file.
Result<std::string> ReadFooter(RandomAccess& file) {
  const uint64_t size = file.size().count;
  const uint64_t least = kParquetMagic.size() + kTrailer;
  if (size < least) return Fail(ErrorKind::kBadData, "not a Parquet file: size={}", size);
  SLUICE_ASSIGN(const std::string head, ReadBytes(file, 0, kParquetMagic.size()));
  SLUICE_ASSIGN(const std::string tail, ReadBytes(file, size - kTrailer, kTrailer));
  if (head != kParquetMagic || tail.substr(4) != kParquetMagic) {
    return Fail(ErrorKind::kBadData, "not a Parquet file: no PAR1 at both ends");
  }
  uint64_t length = 0;
  for (size_t i = 0; i < 4; ++i) length |= uint64_t{static_cast<uint8_t>(tail[i])} << (8 * i);
  if (length > size - least || length > ParquetReader::kLargestFooter.count) {
    return Fail(ErrorKind::kBadData, "bad footer: length={} size={}", length, size);
  }
  return ReadBytes(file, size - kTrailer - length, length);
}

}  // namespace

Result<ParquetReader> ParquetReader::Open(RandomAccess& file) {
  auto state = std::make_unique<State>(file);
  SLUICE_ASSIGN(const std::string footer, ReadFooter(file));
  SLUICE_ASSIGN(state->metadata, ParseFooter(footer, file.size().count - kTrailer - footer.size()));
  auto& pairs = state->metadata.key_values;
  if (pairs.empty() || pairs.back().first != kColumnsKey) {
    return Fail(ErrorKind::kBadData, "bad footer: no {}", kColumnsKey);
  }
  SLUICE_ASSIGN(state->columns, ColumnsOf(state->metadata.columns, pairs.back().second));
  pairs.pop_back();
  return ParquetReader(std::move(state));
}

ParquetReader::ParquetReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetReader::ParquetReader(ParquetReader&&) noexcept = default;
ParquetReader::~ParquetReader() = default;

const std::vector<ParquetColumn>& ParquetReader::columns() const {
  return state_->columns;
}

uint64_t ParquetReader::rows() const {
  return state_->metadata.rows;
}

size_t ParquetReader::row_groups() const {
  return state_->metadata.row_groups.size();
}

uint64_t ParquetReader::rows_in(size_t row_group) const {
  return state_->metadata.row_groups.at(row_group).rows;
}

const std::vector<std::pair<std::string, std::string>>& ParquetReader::metadata() const {
  return state_->metadata.key_values;
}

Result<ColumnValues> ParquetReader::Read(size_t row_group, size_t column) const {
  SLUICE_CHECK(row_group < row_groups() && column < columns().size());
  const RowGroupMetadata& group = state_->metadata.row_groups[row_group];
  const ChunkMetadata& chunk = group.chunks[column];
  SLUICE_ASSIGN(std::string pages, ReadBytes(state_->file, chunk.offset, chunk.compressed));
  Result<ColumnValues> values =
      ReadChunk(std::move(pages), state_->columns[column], chunk, group.rows);
  if (!values) {
    return std::unexpected(values.error().During(fmt::format(
        "cannot read Parquet column {} of row group {}", state_->columns[column].name, row_group)));
  }
  return values;
}

}  // namespace sluice
