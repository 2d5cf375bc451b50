// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/probe.h"
#include "sluice/warehouse/server_session.h"

namespace sluice {

// What the questions of a probe have in common: its own tables, and sessions whose statements are
// written down. Connect and its sessions may be used by two threads, the rest by one.
class ProbeTalk {
 public:
  // `id` makes the names unique: small letters and digits. `target` outlives it.
  ProbeTalk(const ProbeTarget& target, std::string_view id);

  // Nothing is begun any more after `deadline`, or once a stop is requested.
  void EndAt(Deadline deadline, std::stop_token stop);
  // Why nothing is begun any more; null: something may be.
  const char* WhyEnded() const;

  const ProbeTarget& target() const { return target_; }
  // A ledger of its own, with one table, SampleTable's.
  const LedgerNames& names() const { return names_; }
  const TableSet& tables() const { return tables_; }
  // Beside it: rows and more (id BIGINT, text VARCHAR(16)), and numbers (n from 0 to 255).
  std::string rows() const { return names_.In("rows"); }
  std::string more() const { return names_.In("more"); }
  std::string numbers() const { return names_.In("numbers"); }
  // Of the files in the Parquet store.
  const std::string& folder() const { return folder_; }

  Result<std::unique_ptr<ServerSession>> Connect();
  // An object in that folder, which is removed with the rest. Answers its key.
  Result<std::string> Put(std::string_view name, std::string_view bytes);

  void Note(std::string statement);
  // What was noted since the last call.
  std::vector<std::string> TakeStatements();

  // How much work a statement does that takes some seconds, once that was measured.
  std::optional<uint64_t> hold;
  int holds = 0;  // how many such statements there were

 private:
  const ProbeTarget& target_;
  const std::string folder_;
  LedgerNames names_;
  TableSet tables_;
  Deadline deadline_;
  std::stop_token stop_;
  std::mutex mutex_;
  std::vector<std::string> statements_;
};

}  // namespace sluice
