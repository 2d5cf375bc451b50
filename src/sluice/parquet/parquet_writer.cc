// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/parquet_writer.h"

#include <algorithm>

#include "sluice/base/check.h"
#include "sluice/parquet/column_writer.h"
#include "sluice/parquet/parquet_format.h"
#include "sluice/parquet/parquet_schema.h"

namespace sluice {
namespace {

// After this many rows, or texts of an eighth of a row group, it is decided whether the row group
// is full: counted from the last decision, so that it does not matter how the rows come.
constexpr size_t kRowsBetweenLooks = 1'024;
// A page holds at least one value, and the reader takes pages up to 64 MiB.
constexpr uint64_t kLongestText = MiB(32).count;

size_t ValueCount(const ColumnBatch& batch, ValueKind kind) {
  switch (kind) {
    case ValueKind::kInt64:
      return batch.ints.size();
    case ValueKind::kInt128:
      return batch.wide_ints.size();
    case ValueKind::kDouble:
      return batch.doubles.size();
    case ValueKind::kText:
      return batch.texts.size();
  }
  return 0;
}

uint64_t TextBytes(const ColumnSlice& slice) {
  uint64_t bytes = 0;
  const std::string_view* const texts = slice.batch.texts.data() + slice.value;
  for (size_t i = 0; i < slice.values; ++i) bytes += texts[i].size();
  return bytes;
}

std::vector<ParquetColumn> WithTechnicalColumns(std::vector<ParquetColumn> columns, bool wanted) {
  if (wanted) {
    columns.push_back({std::string(kObjectColumn), {.kind = TypeKind::kBigInt}, true});
    columns.push_back({std::string(kLineColumn), {.kind = TypeKind::kInteger}, true});
  }
  return columns;
}

}  // namespace

class ParquetWriter::Impl {
 public:
  Impl(std::vector<ParquetColumn> columns, ParquetWriterOptions options, ByteSink& sink,
       PagePacking packing);

  Status Append(const RowBatch& batch);
  std::vector<PageJob> TakeJobs() { return std::exchange(traffic_.jobs, {}); }
  Status EndRows();
  Result<ParquetFileInfo> Finish(const std::vector<std::pair<std::string, std::string>>& metadata);
  uint64_t rows() const { return file_.rows + group_rows_; }
  bool is_behind() { return traffic_.groups.is_behind(); }

 private:
  Status CheckBatch(const RowBatch& batch) const;
  // Where the next `rows` rows of the batch stand in the columns' values.
  void Cut(const RowBatch& batch, size_t row, size_t rows);
  uint64_t CutTextBytes() const;
  // How many of the rows cut it takes to have texts of `room` bytes; all if there are fewer.
  Result<size_t> RowsThatFill(uint64_t room) const;
  void AppendTechnical(const RowBatch& batch, size_t row, size_t rows);
  Status EndRowGroupIfFull();
  Status EndRowGroup();
  Status RunJobsHere();

  const std::vector<ParquetColumn> columns_;  // with the technical ones
  std::vector<ValueKind> kinds_;              // of the columns
  const ParquetWriterOptions options_;
  ByteSink& sink_;
  const uint64_t bytes_between_looks_;
  std::optional<PagePacker> packer_;  // none if the caller packs
  PageTraffic traffic_;
  std::vector<std::unique_ptr<ColumnWriter>> writers_;
  FileMetadata file_;
  size_t group_rows_ = 0, rows_since_look_ = 0;
  uint64_t bytes_since_look_ = 0;
  std::vector<ColumnSlice> slices_;  // of the user's columns
  std::vector<size_t> next_values_;  // the value of each column that comes next in the batch
  ColumnBatch object_batch_, line_batch_;
};

ParquetWriter::Impl::Impl(std::vector<ParquetColumn> columns, ParquetWriterOptions options,
                          ByteSink& sink, PagePacking packing)
    : columns_(WithTechnicalColumns(std::move(columns), options.object_id.has_value())),
      options_(options),
      sink_(sink),
      bytes_between_looks_(std::clamp<uint64_t>(options.row_group.count / 8, 1, kLongestText)),
      traffic_(options.memory, sink) {
  SLUICE_CHECK(!columns_.empty());
  if (packing == PagePacking::kByWriter) packer_.emplace();
  SLUICE_CHECK(options_.page <= MiB(16) && options_.dictionary <= MiB(32));
  for (const ParquetColumn& column : columns_) {
    writers_.push_back(MakeColumnWriter(column, options_, traffic_));
    file_.columns.push_back(SchemaElementOf(column));
    kinds_.push_back(ValueKindOf(column.type));
  }
  if (options_.object_id) {
    object_batch_.present.assign(kRowsBetweenLooks, 1);
    object_batch_.ints.assign(kRowsBetweenLooks, *options_.object_id);
    line_batch_.present = object_batch_.present;
  }
}

Status ParquetWriter::Impl::CheckBatch(const RowBatch& batch) const {
  const size_t technical = options_.object_id ? 2 : 0;
  SLUICE_CHECK(batch.columns.size() + technical == columns_.size());
  SLUICE_CHECK(technical == 0 || batch.lines.size() == batch.rows);
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    const ColumnBatch& column = batch.columns[i];
    SLUICE_CHECK(column.present.size() == batch.rows);
    const size_t values = ValueCount(column, kinds_[i]);
    SLUICE_CHECK(values == CountPresent(column.present.data(), batch.rows));
    if (columns_[i].not_null && values != batch.rows) {
      return Fail(ErrorKind::kPermanent, "cannot write Parquet: NULL in a NOT NULL column: {}",
                  columns_[i].name);
    }
  }
  return {};
}

void ParquetWriter::Impl::Cut(const RowBatch& batch, size_t row, size_t rows) {
  slices_.clear();
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    const ColumnBatch& column = batch.columns[i];
    size_t values = rows;
    if (rows == batch.rows) {
      values = ValueCount(column, kinds_[i]);
    } else if (!columns_[i].not_null) {
      values = CountPresent(column.present.data() + row, rows);
    }
    slices_.push_back({column, row, rows, next_values_[i], values});
  }
}

uint64_t ParquetWriter::Impl::CutTextBytes() const {
  uint64_t bytes = 0;
  for (const ColumnSlice& slice : slices_) {
    if (!slice.batch.texts.empty()) bytes += TextBytes(slice);
  }
  return bytes;
}

Result<size_t> ParquetWriter::Impl::RowsThatFill(uint64_t room) const {
  const size_t rows = slices_.front().rows;
  std::vector<uint64_t> row_bytes(rows);
  for (size_t i = 0; i < slices_.size(); ++i) {
    const ColumnSlice& slice = slices_[i];
    if (slice.batch.texts.empty()) continue;
    size_t value = slice.value;
    for (size_t row = 0; row < rows; ++row) {
      if (slice.batch.present[slice.row + row] == 0) continue;
      const uint64_t length = slice.batch.texts[value++].size();
      if (length > kLongestText) {
        return Fail(ErrorKind::kPermanent,
                    "cannot write Parquet: text too long: column={} bytes={}", columns_[i].name,
                    length);
      }
      row_bytes[row] += length;
    }
  }
  size_t row = 0;
  for (uint64_t bytes = 0; bytes < room && row < rows; ++row) {
    bytes += row_bytes[row];
  }
  return row;
}

void ParquetWriter::Impl::AppendTechnical(const RowBatch& batch, size_t row, size_t rows) {
  line_batch_.ints.assign(batch.lines.begin() + static_cast<ptrdiff_t>(row),
                          batch.lines.begin() + static_cast<ptrdiff_t>(row + rows));
  writers_[columns_.size() - 2]->Append({object_batch_, 0, rows, 0, rows});
  writers_[columns_.size() - 1]->Append({line_batch_, 0, rows, 0, rows});
}

Status ParquetWriter::Impl::Append(const RowBatch& batch) {
  SLUICE_TRY(CheckBatch(batch));
  next_values_.assign(batch.columns.size(), 0);
  for (size_t row = 0; row < batch.rows;) {
    size_t rows = std::min(batch.rows - row, kRowsBetweenLooks - rows_since_look_);
    Cut(batch, row, rows);
    uint64_t bytes = CutTextBytes();
    if (bytes_since_look_ + bytes >= bytes_between_looks_) {
      SLUICE_ASSIGN(rows, RowsThatFill(bytes_between_looks_ - bytes_since_look_));
      Cut(batch, row, rows);
      bytes = CutTextBytes();
    }
    for (size_t i = 0; i < slices_.size(); ++i) {
      writers_[i]->Append(slices_[i]);
      SLUICE_TRY(RunJobsHere());
      next_values_[i] += slices_[i].values;
    }
    if (options_.object_id) AppendTechnical(batch, row, rows);
    row += rows;
    group_rows_ += rows;
    rows_since_look_ += rows;
    bytes_since_look_ += bytes;
    SLUICE_TRY(EndRowGroupIfFull());
  }
  return {};
}

Status ParquetWriter::Impl::EndRowGroupIfFull() {
  if (rows_since_look_ < kRowsBetweenLooks && bytes_since_look_ < bytes_between_looks_) return {};
  rows_since_look_ = 0;
  bytes_since_look_ = 0;
  uint64_t bytes = 0;
  for (const auto& writer : writers_) bytes += writer->bytes();
  const bool full =
      bytes >= options_.row_group.count || group_rows_ + kRowsBetweenLooks > kMostRowsInGroup;
  return full ? EndRowGroup() : Status();
}

Status ParquetWriter::Impl::EndRowGroup() {
  std::vector<std::shared_ptr<ChunkPages>> chunks;
  for (const auto& writer : writers_) {
    chunks.push_back(writer->EndChunk());
    SLUICE_TRY(RunJobsHere());
  }
  traffic_.groups.Add(group_rows_, std::move(chunks));
  file_.rows += group_rows_;
  group_rows_ = 0;
  return packer_ ? traffic_.groups.WritePacked() : Status();
}

Status ParquetWriter::Impl::RunJobsHere() {
  if (!packer_) return {};
  for (PageJob& job : traffic_.jobs) SLUICE_TRY(job.Run(*packer_));
  traffic_.jobs.clear();
  return {};
}

Status ParquetWriter::Impl::EndRows() {
  return group_rows_ > 0 ? EndRowGroup() : Status();
}

Result<ParquetFileInfo> ParquetWriter::Impl::Finish(
    const std::vector<std::pair<std::string, std::string>>& metadata) {
  SLUICE_TRY(EndRows());
  SLUICE_ASSIGN(RowGroupQueue::Body body, traffic_.groups.Finish());
  file_.row_groups = std::move(body.groups);
  file_.key_values = metadata;
  file_.key_values.emplace_back(kColumnsKey, FormatColumnTypes(columns_));
  std::string footer = FormatFooter(file_);
  const uint32_t length = static_cast<uint32_t>(footer.size());
  for (int shift = 0; shift < 32; shift += 8) footer += static_cast<char>(length >> shift);
  footer += kParquetMagic;
  SLUICE_TRY(sink_.Write(footer));

  ParquetFileInfo info{.rows = file_.rows, .size = {body.bytes + footer.size()}};
  for (const auto& writer : writers_) info.int_ranges.push_back(writer->int_range());
  return info;
}

ParquetWriter::ParquetWriter(std::vector<ParquetColumn> columns, ParquetWriterOptions options,
                             ByteSink& sink, PagePacking packing)
    : impl_(std::make_unique<Impl>(std::move(columns), options, sink, packing)) {}
ParquetWriter::~ParquetWriter() = default;

Status ParquetWriter::Append(const RowBatch& batch) {
  return impl_->Append(batch);
}

std::vector<PageJob> ParquetWriter::TakeJobs() {
  return impl_->TakeJobs();
}

Status ParquetWriter::EndRows() {
  return impl_->EndRows();
}

Result<ParquetFileInfo> ParquetWriter::Finish(
    const std::vector<std::pair<std::string, std::string>>& metadata) {
  return impl_->Finish(metadata);
}

bool ParquetWriter::is_behind() const {
  return impl_->is_behind();
}

uint64_t ParquetWriter::rows() const {
  return impl_->rows();
}

}  // namespace sluice
