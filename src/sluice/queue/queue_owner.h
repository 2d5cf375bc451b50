// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/queue/owner_file.h"
#include "sluice/queue/sqlite_database.h"

namespace sluice {

// One client of a queue file, known to the others by a row of the table `owner` and a locked file
// beside the database. A client whose file is not locked is dead, and anybody may release what it
// had received. Rows and files are made and removed under the database's write lock only, so nobody
// meets a file between its making and its locking. One thread at a time.
class QueueOwner {
 public:
  // Inside a transaction. Removes the files that dead makers left. `database` outlives the owner.
  static Result<QueueOwner> Register(SqliteDatabase& database, Timestamp now);

  int64_t number() const { return number_; }
  // The owners that have died and are not released yet.
  Result<std::vector<int64_t>> Dead();
  // Inside a transaction: what `owner` had received waits again, and the owner is forgotten.
  Status Release(int64_t owner);

 private:
  QueueOwner(std::string prefix, OwnerFile file)
      : prefix_(std::move(prefix)), file_(std::move(file)) {}

  std::string prefix_;  // of every owner file's path
  OwnerFile file_;
  int64_t number_ = 0;
  SqliteStatement others_, ending_, release_, forget_;
};

}  // namespace sluice
