// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/fetching_warehouse.h"

#include <atomic>
#include <filesystem>

#include "sluice/base/in_parallel.h"
#include "sluice/base/unique_id.h"
#include "sluice/object/directory_store.h"

namespace sluice {
namespace {

constexpr size_t kAtOnce = 8;
constexpr std::chrono::hours kLeftAfter(24);

Status Copy(ObjectStore& from, ObjectStore& to, const std::string& key) {
  SLUICE_ASSIGN(const auto reader, from.Open(key));
  SLUICE_ASSIGN(const auto copy, to.Create(key));
  std::vector<char> buffer(size_t{1} << 20);
  for (;;) {
    SLUICE_ASSIGN(const size_t n, reader->Read(buffer));
    if (n == 0) break;
    SLUICE_TRY(copy->Write({buffer.data(), n}));
  }
  SLUICE_TRY(copy->Commit());
  return {};
}

// Some at the same time, since most of it is waiting. The first failure, of those that were begun.
Status CopyAll(ObjectStore& from, ObjectStore& to, const std::vector<std::string>& keys) {
  std::atomic<bool> has_failed = false;
  std::vector<Status> results(keys.size());
  InParallel(keys.size(), kAtOnce, [&](size_t i) {
    if (has_failed) return;
    results[i] = Copy(from, to, keys[i]);
    if (!results[i]) has_failed = true;
  });
  for (Status& result : results) SLUICE_TRY(result);
  return {};
}

// What was fetched of one store; removed with it.
class Fetched {
 public:
  explicit Fetched(std::string folder) : folder_(std::move(folder)) {}
  ~Fetched() {
    std::error_code ignored;  // it is swept later
    std::filesystem::remove_all(folder_, ignored);
  }

  Status Add(ObjectStore& store, const std::vector<std::string>& keys) {
    if (keys.empty()) return {};
    SLUICE_ASSIGN(const auto copies, DirectoryStore::At(folder_));
    const Status copied = CopyAll(store, *copies, keys);
    if (copied) return {};
    // That something derived is not there is no fault of the raw object's data.
    const bool is_gone = copied.error().kind() == ErrorKind::kNotFound;
    return std::unexpected(
        Error(is_gone ? ErrorKind::kPermanent : copied.error().kind(),
              copied.error().During("cannot fetch for the warehouse").message()));
  }

 private:
  const std::string folder_;
};

}  // namespace

Status FetchingWarehouse::FetchOne(ObjectStore& from, const std::string& folder,
                                   const std::string& key) {
  SLUICE_ASSIGN(const auto copies, DirectoryStore::At(folder));
  return Copy(from, *copies, key);
}

FetchFolders FetchingWarehouse::FoldersBelow(const std::string& root, Clock& clock) {
  const auto age = std::chrono::file_clock::now() - kLeftAfter;
  std::error_code error;  // the folder may not be there
  for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
    std::error_code ignored;  // another process may be at it
    if (entry.last_write_time(ignored) < age && !ignored) {
      std::filesystem::remove_all(entry.path(), ignored);
    }
  }
  const std::string mine = root + "/" + MakeUniqueId(clock.Now());
  return {mine + "/parquet", mine + "/quarantine"};
}

FetchingWarehouse::~FetchingWarehouse() {
  std::error_code ignored;  // it is swept later
  std::filesystem::remove_all(std::filesystem::path(folders_.parquet).parent_path(), ignored);
}

Result<std::unique_ptr<StagedLoad>> FetchingWarehouse::Stage(const LoadPlan& plan) {
  std::vector<std::string> parquet, quarantine;
  for (const PlannedObject& object : plan.objects) {
    for (const PlannedTable& table : object.tables) {
      if (!table.parquet.empty()) parquet.push_back(table.parquet);
    }
    if (!object.quarantine.empty()) quarantine.push_back(object.quarantine);
  }
  Fetched rows(folders_.parquet), faults(folders_.quarantine);
  SLUICE_TRY(rows.Add(parquet_, parquet));
  SLUICE_TRY(faults.Add(quarantine_, quarantine));
  return warehouse_->Stage(plan);
}

Status FetchingWarehouse::Settle(std::span<const Settlement> settlements) {
  std::vector<std::string> quarantine;
  for (const Settlement& settlement : settlements) {
    if (!settlement.object.quarantine.empty()) quarantine.push_back(settlement.object.quarantine);
  }
  Fetched faults(folders_.quarantine);
  SLUICE_TRY(faults.Add(quarantine_, quarantine));
  return warehouse_->Settle(settlements);
}

}  // namespace sluice
