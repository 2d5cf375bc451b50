// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/queue_owner.h"

#include <fmt/format.h>

#include "sluice/base/unique_id.h"
#include "sluice/queue/queue_file.h"

namespace sluice {
Result<QueueOwner> QueueOwner::Register(SqliteDatabase& database, Timestamp now) {
  const std::string prefix = database.path() + "-owner-", ending = MakeUniqueId(now);
  for (const std::string& left : OwnerFile::Find(prefix))
    if (!OwnerFile::IsHeld(prefix + left)) OwnerFile::Remove(prefix + left);
  SLUICE_ASSIGN(OwnerFile file, OwnerFile::Create(prefix + ending));
  QueueOwner owner(prefix, std::move(file));
  SLUICE_ASSIGN(SqliteStatement insert, database.Prepare("INSERT INTO owner (ending) VALUES (?1)"));
  SLUICE_TRY(insert.Run({ending}));
  owner.number_ = database.inserted_row();
  SLUICE_ASSIGN(owner.others_,
                database.Prepare("SELECT number, ending FROM owner WHERE number <> ?1"));
  SLUICE_ASSIGN(owner.ending_, database.Prepare("SELECT ending FROM owner WHERE number = ?1"));
  SLUICE_ASSIGN(owner.release_,
                database.Prepare(fmt::format(
                    "UPDATE message SET hidden_until = NULL, received = NULL, owner = NULL,"
                    " place = {} WHERE hidden_until IS NOT NULL AND owner = ?1",
                    kEndOfLine)));
  SLUICE_ASSIGN(owner.forget_, database.Prepare("DELETE FROM owner WHERE number = ?1"));
  return owner;
}

Result<std::vector<int64_t>> QueueOwner::Dead() {
  std::vector<int64_t> dead;
  SLUICE_TRY(others_.Each({number_}, [&](const SqliteRow& row) {
    if (!OwnerFile::IsHeld(prefix_ + std::string(row.Text(1)))) dead.push_back(row.Int(0));
  }));
  return dead;
}

Status QueueOwner::Release(int64_t owner) {
  std::string ending;
  SLUICE_TRY(ending_.Each({owner}, [&](const SqliteRow& row) { ending = row.Text(0); }));
  if (ending.empty()) return {};  // somebody was quicker
  SLUICE_TRY(release_.Run({owner}));
  SLUICE_TRY(forget_.Run({owner}));
  if (owner != number_) OwnerFile::Remove(prefix_ + ending);
  return {};
}

}  // namespace sluice
