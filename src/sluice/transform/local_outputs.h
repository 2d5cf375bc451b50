// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "sluice/base/result.h"
#include "sluice/object/object_store.h"
#include "sluice/schema/table.h"
#include "sluice/transform/stream_converter.h"

namespace sluice {

// The files of `sluice convert`: DIR/TABLE/NAME.parquet and DIR/quarantine/NAME.parquet. Each is
// written under a temporary name beside its place and renamed when it is whole, replacing an older
// one. Not synced: it is a tool's output, not the pipeline's.
class LocalOutputs : public ConversionOutputs {
 public:
  // `tables` outlives it.
  LocalOutputs(const TableSet& tables, std::string folder, std::string name)
      : tables_(tables), folder_(std::move(folder)), name_(std::move(name)) {}

  Result<std::unique_ptr<PendingObject>> OpenTable(size_t table) override;
  Result<std::unique_ptr<PendingObject>> OpenQuarantine() override;

 private:
  Result<std::unique_ptr<PendingObject>> Create(const std::string& part);

  const TableSet& tables_;
  const std::string folder_, name_;
};

}  // namespace sluice
