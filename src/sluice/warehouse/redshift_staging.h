// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/warehouse/staged_file.h"

namespace sluice {

// What stands in the Parquet store for the COPY statements of one load: its plan, and a manifest
// for each table, below "staging/ID/". Removed with it, as far as that can be done; what a dead
// process left, `gc` finds. One thread at a time.
class RedshiftStaging {
 public:
  // `roles` is the chain of ARNs that reads the store, the cluster's own first.
  RedshiftStaging(StagedStores stores, const std::vector<std::string>& roles, Clock& clock);
  ~RedshiftStaging();
  RedshiftStaging(const RedshiftStaging&) = delete;
  RedshiftStaging& operator=(const RedshiftStaging&) = delete;

  // ServerSession's, by a COPY in `session`. A file is named once; its size is asked for, and its
  // footer checked, so that Redshift's own words, which say nothing, are rarely needed.
  Status FillRows(SqlSession& session, const std::string& table,
                  const std::vector<StagedColumn>& columns, const std::vector<SqlRow>& rows);
  Status FillFiles(SqlSession& session, const std::string& table,
                   const std::vector<StagedColumn>& columns, std::span<const StagedFile> files);

  // What a manifest says of a file.
  struct Entry {
    std::string url;
    uint64_t size;
  };
  // The COPY of a manifest that it writes, whatever is said there.
  Result<std::string> Manifest(const std::string& table, const std::vector<StagedColumn>& columns,
                               const std::vector<Entry>& entries);

 private:
  // Each answers the COPY of what it has written.
  Result<std::string> Rows(const std::string& table, const std::vector<StagedColumn>& columns,
                           const std::vector<SqlRow>& rows);
  Result<std::string> Files(const std::string& table, const std::vector<StagedColumn>& columns,
                            std::span<const StagedFile> files);
  Status Put(const std::string& key, std::string_view bytes);

  const StagedStores stores_;
  const std::string folder_, roles_;
  std::vector<std::string> made_;
};

}  // namespace sluice
