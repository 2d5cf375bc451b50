// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/raw_walk.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "sluice/object/object_names.h"
#include "sluice/operate/warehouse_moment.h"
#include "sluice/warehouse/ledger_part.h"

namespace sluice {
namespace {

constexpr size_t kListed = 10'000;
constexpr size_t kAsked = 10'000;  // of the ledger, which may be far away

// Behind all keys of a folder, which ends in '/'; empty for the whole store.
std::string EndOf(std::string folder) {
  if (!folder.empty()) ++folder.back();
  return folder;
}

// A directory's listing does not say which version is stored: of the only one that is known it is,
// unless it is younger than the load of that, in whole seconds (ADR 0073).
bool IsInDoubt(const RawKeyState& state) {
  if (!state.stored || !state.stored->etag.empty() || state.known.empty()) return false;
  if (state.known.size() > 1) return true;
  const auto loaded = MomentOf(state.known.front().loaded_at);
  return loaded && state.stored->last_modified >= *loaded + std::chrono::seconds(1);
}

// With its ETag; nothing where it is gone meanwhile.
Result<std::optional<ObjectInfo>> StoredNow(ObjectStore& raw, const std::string& key) {
  auto found = raw.Stat(key);
  if (found) return *std::move(found);
  if (found.error().kind() == ErrorKind::kNotFound) return std::nullopt;
  return std::unexpected(found.error());
}

}  // namespace

const LedgerObject* RawKeyState::FindStored(std::initializer_list<ObjectState> states,
                                            const std::string& store) const {
  if (!stored) return nullptr;
  const std::string identity =
      stored->etag.empty() ? "" : ObjectIdentity{store, {key}, stored->etag}.ToText();
  const auto found = std::ranges::find_if(known, [&](const LedgerObject& object) {
    return std::ranges::find(states, object.state) != states.end() &&
           (identity.empty() || object.identity == identity);
  });
  return found == known.end() ? nullptr : &*found;
}

bool RawKeyState::LacksTable() const {
  return std::ranges::any_of(known, &LedgerObject::lacks_table);
}

bool RawKeyState::IsLoadedOtherwise(const std::string& store) const {
  const LedgerObject* const decided =
      FindStored({ObjectState::kLoaded, ObjectState::kReplaced}, store);
  const bool is_loaded = decided != nullptr && (decided->state == ObjectState::kLoaded ||
                                                decided->reason.starts_with(kSameContent));
  return !is_loaded && std::ranges::any_of(known, [](const LedgerObject& object) {
    return object.state == ObjectState::kLoaded;
  });
}

RawWalk::RawWalk(ObjectStore& raw, LedgerPages ledger, std::vector<std::string> folders,
                 const std::string& after)
    : raw_(raw), ledger_(std::move(ledger)), folders_(std::move(folders)) {
  next_known_ = {.store = raw_.uri(), .limit = kAsked};
  if (folders_.empty()) return;
  next_known_.after_key = folders_.front();
  next_known_.before_key = EndOf(folders_.back());
  if (after > folders_.front()) GoBehind(after);
}

void RawWalk::GoBehind(const std::string& after) {
  while (folder_ < folders_.size() && !folder().empty() && EndOf(folder()) <= after) ++folder_;
  if (folder_ < folders_.size() && folder() < after) stored_after_ = after;
  next_known_.after_key = after;
  next_known_.after_object = std::numeric_limits<int64_t>::max();
}

Status RawWalk::FillStored() {
  while (stored_.empty() && !has_all_stored_) {
    SLUICE_ASSIGN(ListPage page, raw_.List(folder(), stored_after_.value_or(""), kListed));
    std::ranges::move(page.objects, std::back_inserter(stored_));
    without_key_ += page.without_key;
    stored_after_ = std::move(page.next);
    has_all_stored_ = !stored_after_;
  }
  return {};
}

Status RawWalk::FillKnown() {
  while (known_.empty() && !has_all_known_) {
    SLUICE_ASSIGN(std::vector<LedgerObject> page, ledger_(next_known_));
    has_all_known_ = page.size() < next_known_.limit;
    for (LedgerObject& object : page) {
      if (object.raw_key < next_known_.after_key) {
        return Fail(ErrorKind::kPermanent,
                    "the ledger's keys do not come in the order of their bytes: {} behind {}",
                    object.raw_key, next_known_.after_key);
      }
      next_known_.after_key = object.raw_key;
      next_known_.after_object = object.object;
      known_.push_back(std::move(object));
    }
  }
  return {};
}

Result<std::optional<RawKeyState>> RawWalk::Next() {
  while (folder_ < folders_.size()) {
    SLUICE_TRY(FillStored());
    SLUICE_TRY(FillKnown());
    if (!known_.empty() && known_.front().raw_key < folder()) {
      known_.pop_front();  // between two folders
      continue;
    }
    const bool is_known = !known_.empty() && known_.front().raw_key.starts_with(folder());
    if (stored_.empty() && !is_known) {
      ++folder_;
      stored_after_.reset();
      has_all_stored_ = false;
      continue;
    }
    RawKeyState state;
    const bool is_first_stored =
        !stored_.empty() && (!is_known || stored_.front().key <= known_.front().raw_key);
    state.key = is_first_stored ? stored_.front().key : known_.front().raw_key;
    if (is_first_stored) {
      state.stored = std::move(stored_.front());
      stored_.pop_front();
    }
    while (!known_.empty() && known_.front().raw_key == state.key) {
      state.known.push_back(std::move(known_.front()));
      known_.pop_front();
      SLUICE_TRY(FillKnown());
    }
    if (IsInDoubt(state)) {
      SLUICE_ASSIGN(state.stored, StoredNow(raw_, state.key));
    }
    return state;
  }
  return std::optional<RawKeyState>();
}

}  // namespace sluice
