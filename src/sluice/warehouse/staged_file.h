// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sluice/object/object_store.h"
#include "sluice/parquet/parquet_reader.h"
#include "sluice/warehouse/stage_filler.h"

namespace sluice {

// Where the files of a plan are; null where nothing is loaded. Both outlive their users.
struct StagedStores {
  ObjectStore* parquet = nullptr;
  ObjectStore* quarantine = nullptr;

  ObjectStore& Of(StagedFile::Store store) const {
    return store == StagedFile::Store::kParquet ? *parquet : *quarantine;
  }
};

// A file whose footer was read and found to be what is planned.
struct OpenStagedFile {
  std::unique_ptr<RandomAccess> bytes;  // which `reader` reads
  ParquetReader reader;
};

// kBadData: it is not there, is no Parquet, or has other columns than `columns`, by name, order and
// type; lengths stand in no file. The message names the key.
Result<OpenStagedFile> OpenStaged(const StagedStores& stores, const StagedFile& file,
                                  const std::vector<StagedColumn>& columns);
// The names of its columns, in order.
Result<StagedFileFacts> FactsOfFile(const StagedStores& stores, const StagedFile& file);

}  // namespace sluice
