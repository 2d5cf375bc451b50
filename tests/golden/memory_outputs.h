// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sluice/base/result.h"
#include "sluice/schema/table.h"
#include "sluice/transform/stream_converter.h"

namespace sluice {

// Keeps the files of a conversion. `tables` outlives it, and it outlives what it opens.
class MemoryOutputs : public ConversionOutputs {
 public:
  explicit MemoryOutputs(const TableSet& tables) : tables_(tables) {}

  Result<std::unique_ptr<PendingObject>> OpenTable(size_t table) override;
  Result<std::unique_ptr<PendingObject>> OpenQuarantine() override;

  // What was committed, by table; the quarantine's name is "*".
  const std::map<std::string, std::string>& files() const { return files_; }

 private:
  const TableSet& tables_;
  std::map<std::string, std::string> files_;
};

}  // namespace sluice
