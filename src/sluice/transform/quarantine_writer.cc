// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/quarantine_writer.h"

#include "sluice/schema/quarantine_schema.h"

namespace sluice {
namespace {

std::vector<ParquetColumn> FileColumns() {
  std::vector<ParquetColumn> columns;
  for (const Column& column : QuarantineColumns()) {
    columns.push_back({.name = column.name, .type = column.type, .not_null = column.not_null});
  }
  return columns;
}

// Adds the values of one row, from the first column to the last.
class RowFiller {
 public:
  explicit RowFiller(RowBatch& batch) : batch_(batch) {}
  ~RowFiller() { ++batch_.rows; }

  RowFiller& Int(uint64_t value) {
    Next(1).ints.push_back(static_cast<int64_t>(value));
    return *this;
  }
  RowFiller& Text(std::string_view value) {
    Next(1).texts.push_back(value);
    return *this;
  }
  RowFiller& Null() {
    Next(0);
    return *this;
  }

 private:
  ColumnBatch& Next(uint8_t present) {
    ColumnBatch& column = batch_.columns[column_++];
    column.present.push_back(present);
    return column;
  }
  RowBatch& batch_;
  size_t column_ = 0;
};

}  // namespace

QuarantineWriter::QuarantineWriter(const TableSet& tables, int64_t object_id,
                                   ParquetWriterOptions options, ByteSink& sink)
    : tables_(tables), object_id_(object_id), writer_(FileColumns(), options, sink) {
  batch_.columns.resize(QuarantineColumns().size());
}

Status QuarantineWriter::Append(std::span<const RecordFault> faults) {
  batch_.Clear();
  payloads_.clear();
  payloads_.reserve(faults.size());  // views into its elements stay valid
  for (const RecordFault& fault : faults) {
    QuarantinePayload payload = EncodePayload(fault.bytes, fault.byte_length);
    payloads_.push_back(std::move(payload.text));
    const Table* table = fault.table ? &tables_.tables[*fault.table] : nullptr;
    RowFiller row(batch_);
    row.Int(static_cast<uint64_t>(object_id_))
        .Text(table ? std::string_view(table->name()) : "*")
        .Int(fault.line)
        .Int(fault.byte_offset)
        .Int(fault.byte_length)
        .Text(Name(fault.reason));
    if (table && fault.column) {
      row.Text(table->schema.columns[*fault.column].name);
    } else {
      row.Null();
    }
    row.Text(payload.encoding).Text(payloads_.back());
  }
  return writer_.Append(batch_);
}

Status QuarantineWriter::Finish(const std::vector<std::pair<std::string, std::string>>& metadata) {
  SLUICE_TRY(writer_.Finish(metadata));
  return {};
}

}  // namespace sluice
