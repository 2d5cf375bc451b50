// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/object/object_store.h"
#include "sluice/warehouse/ledger_object.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

// One key, as the raw store and the ledger have it; in one of them at least.
struct RawKeyState {
  std::string key;
  std::optional<ObjectInfo> stored;
  std::vector<LedgerObject> known;  // its versions

  // The version that is stored, where it is in one of these states; or null. Where `stored` names
  // none, the only one that is known is taken for it.
  const LedgerObject* FindStored(std::initializer_list<ObjectState> states,
                                 const std::string& store) const;
  // Does the ledger say for good what became of what is stored, and was the asked table there?
  bool IsSettled(const std::string& store) const {
    return FindStored({ObjectState::kLoaded, ObjectState::kReplaced}, store) != nullptr &&
           !LacksTable();
  }
  bool LacksTable() const;  // a version that was loaded before the asked table was there
  // Is another version loaded than the one that is stored, with other content?
  bool IsLoadedOtherwise(const std::string& store) const;
  // The same, where it waits for a person.
  const LedgerObject* FindStuck(const std::string& store) const {
    return FindStored({ObjectState::kHeld, ObjectState::kSetAside}, store);
  }
};

// Asks for a page of the ledger's objects.
using LedgerPages = std::function<Result<std::vector<LedgerObject>>(const LedgerRange&)>;
// With the name of a table: what was loaded before that was there is not settled.
inline LedgerPages LedgerPagesOf(Warehouse& warehouse, std::string table = "") {
  return [&warehouse, table = std::move(table)](LedgerRange range) {
    range.table = table;
    return warehouse.ListObjects(range);
  };
}

// Walks through folders of the raw store and what the ledger says of them at the same time, a page
// of each in memory. What both change meanwhile may be seen or not: who acts on an answer asks
// again under the lock. One thread at a time; what it was given outlives it.
class RawWalk {
 public:
  // `folders` as FoldersOf gives them. Keys up to `after` are left out; empty: none.
  RawWalk(ObjectStore& raw, LedgerPages ledger, std::vector<std::string> folders,
          const std::string& after = "");

  // The next key in the order of bytes; nothing at the end, and from then on.
  Result<std::optional<RawKeyState>> Next();
  // How many stored objects were left out so far, since their keys are none of a store of ours.
  uint64_t without_key() const { return without_key_; }

 private:
  void GoBehind(const std::string& after);
  Status FillStored();
  Status FillKnown();
  const std::string& folder() const { return folders_[folder_]; }

  ObjectStore& raw_;
  const LedgerPages ledger_;
  const std::vector<std::string> folders_;
  size_t folder_ = 0;
  std::deque<ObjectInfo> stored_;  // of the folder, the next first
  std::optional<std::string> stored_after_;
  bool has_all_stored_ = false;  // of the folder
  std::deque<LedgerObject> known_;
  LedgerRange next_known_;
  bool has_all_known_ = false;
  uint64_t without_key_ = 0;
};

}  // namespace sluice
