// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/conversion_files.h"

#include <algorithm>
#include <iterator>

namespace sluice {

namespace {

void MoveJobs(ParquetWriter& writer, std::vector<PageJob>& jobs) {
  std::ranges::move(writer.TakeJobs(), std::back_inserter(jobs));
}

}  // namespace

Status ConversionFiles::Append(const ConvertedChunk& chunk, std::vector<PageJob>& jobs) {
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (chunk.tables[i].rows == 0) continue;
    if (!parts_[i].writer) SLUICE_TRY(Open(i));
    SLUICE_TRY(parts_[i].writer->Append(chunk.tables[i]));
    MoveJobs(*parts_[i].writer, jobs);
  }
  if (chunk.faults.empty()) return {};
  if (options_.on_faults) {
    options_.on_faults(chunk.faults);
    return {};
  }
  if (!quarantine_) SLUICE_TRY(OpenQuarantine());
  return quarantine_->Append(chunk.faults);
}

bool ConversionFiles::is_behind() const {
  return std::ranges::any_of(
      parts_, [](const Part& part) { return part.writer && part.writer->is_behind(); });
}

Status ConversionFiles::EndRows(std::vector<PageJob>& jobs) {
  for (const Part& part : parts_) {
    if (!part.writer) continue;
    SLUICE_TRY(part.writer->EndRows());
    MoveJobs(*part.writer, jobs);
  }
  return {};
}

Status ConversionFiles::Finish(ConvertedStream& result) {
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (!parts_[i].writer) continue;
    const TableCounts& counts = result.counts.tables[i];
    SLUICE_ASSIGN(result.files[i],
                  parts_[i].writer->Finish(
                      Metadata(tables_.tables[i].name(), counts.routed, counts.quarantined)));
  }
  if (quarantine_) {
    result.quarantined = quarantine_->rows();
    SLUICE_TRY(quarantine_->Finish(Metadata("*", result.counts.lines, quarantine_->rows())));
  }
  for (Part& part : parts_) {
    if (part.object) SLUICE_TRY(part.object->Commit());
  }
  if (quarantine_object_) SLUICE_TRY(quarantine_object_->Commit());
  return {};
}

Status ConversionFiles::Open(size_t table) {
  Part& part = parts_[table];
  SLUICE_ASSIGN(part.object, outputs_.OpenTable(table));
  part.writer = std::make_unique<ParquetWriter>(FileColumnsOf(tables_.tables[table]), parquet_,
                                                *part.object, PagePacking::kByCaller);
  return {};
}

Status ConversionFiles::OpenQuarantine() {
  SLUICE_ASSIGN(quarantine_object_, outputs_.OpenQuarantine());
  ParquetWriterOptions options = parquet_;
  options.object_id.reset();  // quarantine files have their own column for it
  quarantine_ = std::make_unique<QuarantineWriter>(tables_, parquet_.object_id.value_or(0), options,
                                                   *quarantine_object_);
  return {};
}

std::vector<std::pair<std::string, std::string>> ConversionFiles::Metadata(
    std::string_view table, uint64_t events, uint64_t quarantined) const {
  auto metadata = options_.metadata;
  metadata.emplace_back("sluice.table", table);
  const auto known = std::ranges::find(tables_.tables, table, &Table::name);
  if (known != tables_.tables.end()) metadata.emplace_back(kKeyInMetadata, KeyText(*known));
  metadata.emplace_back("sluice.events", std::to_string(events));
  metadata.emplace_back("sluice.quarantined", std::to_string(quarantined));
  return metadata;
}

}  // namespace sluice
