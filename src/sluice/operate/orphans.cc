// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/orphans.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "sluice/base/hash.h"
#include "sluice/base/json_text.h"
#include "sluice/object/derived_key.h"
#include "sluice/object/object_names.h"
#include "sluice/operate/store_owner.h"
#include "sluice/parquet/parquet_reader.h"

namespace sluice {
namespace {

constexpr size_t kListed = 10'000;
constexpr size_t kAsked = 10'000;  // of the ledger, which may be far away
constexpr size_t kJudged = 200;    // at once
constexpr size_t kMostExamples = 10;

// An object that the ledger does not name, and what its footer says.
struct Unnamed {
  ObjectInfo info;
  int64_t object = 0;  // whose rows it holds
  std::string revision;
};

// Nothing where it is no Parquet object of a pipeline, or gone.
Result<std::optional<Unnamed>> ReadFooter(ObjectStore& parquet, const ObjectInfo& info) {
  auto file = parquet.OpenRandom(info.key);
  if (!file && file.error().kind() == ErrorKind::kNotFound) return std::nullopt;
  if (!file) return std::unexpected(file.error());
  const auto reader = ParquetReader::Open(**file);
  if (!reader && reader.error().kind() == ErrorKind::kBadData) return std::nullopt;
  if (!reader) return std::unexpected(reader.error());
  Unnamed found{.info = info};
  for (const auto& [key, value] : reader->metadata()) {
    if (key == "sluice.object") found.object = First63Bits(Sha256Of(value));
    if (key == "sluice.revision") found.revision = value;
  }
  if (found.object == 0 || found.revision.empty()) return std::nullopt;
  return found;
}

void Keep(std::vector<std::string>& examples, const std::string& key) {
  if (examples.size() < kMostExamples) examples.push_back(key);
}

// Why none may go, whatever it is; nothing: they may.
Result<std::string> RefusalOf(ObjectStore& parquet, Warehouse& warehouse,
                              const GcOptions& options) {
  if (options.owner.empty()) return std::string("the ledger does not know this pipeline");
  SLUICE_ASSIGN(const std::optional<std::string> owner, OwnerOf(parquet));
  if (!owner) {
    return fmt::format(
        "nobody has said yet that no other pipeline or ledger loads from {}: if it is so, "
        "sluice gc --claim",
        parquet.uri());
  }
  std::string claim = OthersClaim(owner, options.owner);
  if (!claim.empty()) return claim;
  SLUICE_ASSIGN(const std::vector<LedgerPart> newest,
                warehouse.ListParts({.state = ObjectState::kLoaded, .limit = 1}));
  if (newest.empty() || newest[0].revision == options.revision) return std::string();
  return fmt::format(
      "the newest load, of {}, was with another configuration or build than this one: use that "
      "one, or wait for the first load with this one",
      newest[0].loaded_at);
}

// Which of them nobody will ever name; removes those. The ledger is asked in this order: whose raw
// object is settled gets no new row, so that what is not named after that stays so.
Status Judge(ObjectStore& parquet, Warehouse& warehouse, const GcOptions& options,
             const std::vector<Unnamed>& unnamed, GcReport& report) {
  if (unnamed.empty()) return {};
  std::vector<int64_t> objects;
  std::vector<std::string> keys;
  for (const Unnamed& one : unnamed) {
    objects.push_back(one.object);
    keys.push_back(one.info.key);
  }
  SLUICE_ASSIGN(const std::vector<ObjectOutcome> outcomes, warehouse.Peek(objects));
  SLUICE_ASSIGN(const std::vector<std::string> list, warehouse.NamedAmong(keys));
  const std::set<std::string> named(list.begin(), list.end());
  for (size_t i = 0; i < unnamed.size(); ++i) {
    const auto& state = outcomes[i].state;
    if (named.contains(unnamed[i].info.key)) {
      ++report.named;
    } else if (state != ObjectState::kLoaded && state != ObjectState::kReplaced) {
      ++report.unsettled;
    } else if (unnamed[i].revision == options.revision) {
      ++report.current;
    } else {
      ++report.orphans;
      report.orphan_size += unnamed[i].info.size;
      Keep(report.orphan_examples, unnamed[i].info.key);
      if (options.mode == GcMode::kDryRun || !report.refusal.empty()) continue;
      SLUICE_TRY(parquet.Remove(unnamed[i].info.key));
      ++report.removed;
    }
  }
  return {};
}

}  // namespace

ParquetWalk::ParquetWalk(ObjectStore& parquet, FilePages named,
                         const std::optional<HourRange>& hours)
    : parquet_(parquet), pages_(std::move(named)) {
  if (!hours) return;
  const RawLayout layout;  // of derived keys, whatever the raw store's
  stored_after_ = layout.FolderOf(hours->from);
  stored_after_.pop_back();  // before all that is below it, and behind the hour before
  named_after_ = stored_after_;
  before_ = layout.FolderOf(hours->to - std::chrono::microseconds(1));
  ++before_.back();  // '/': behind all that is below it
}

Status ParquetWalk::FillStored() {
  while (stored_.empty() && !has_all_stored_) {
    SLUICE_ASSIGN(ListPage page, parquet_.List("", stored_after_, kListed));
    has_all_stored_ = !page.next;
    stored_after_ = std::move(page.next).value_or("");
    for (ObjectInfo& object : page.objects) {
      if (IsBehind(object.key)) {
        has_all_stored_ = true;
        break;
      }
      stored_.push_back(std::move(object));
    }
  }
  return {};
}

Status ParquetWalk::FillNamed() {
  if (!named_.empty() || has_all_named_) return {};
  SLUICE_ASSIGN(std::vector<NamedFile> page, pages_(named_after_, kAsked));
  has_all_named_ = page.size() < kAsked;
  for (NamedFile& file : page) {
    if (file.key <= named_after_) {
      return Fail(ErrorKind::kPermanent,
                  "the ledger's files do not come in the order of their bytes: {} behind {}",
                  file.key, named_after_);
    }
    named_after_ = file.key;
    if (IsBehind(file.key)) {
      has_all_named_ = true;
      break;
    }
    named_.push_back(std::move(file));
  }
  return {};
}

Result<std::optional<ParquetKeyState>> ParquetWalk::Next() {
  SLUICE_TRY(FillStored());
  SLUICE_TRY(FillNamed());
  if (stored_.empty() && named_.empty()) return std::optional<ParquetKeyState>();
  ParquetKeyState state;
  const bool is_stored =
      !stored_.empty() && (named_.empty() || stored_.front().key <= named_.front().key);
  state.key = is_stored ? stored_.front().key : named_.front().key;
  if (is_stored) {
    state.stored = std::move(stored_.front());
    stored_.pop_front();
  }
  if (!named_.empty() && named_.front().key == state.key) {
    state.is_named = true;
    state.is_needed = named_.front().is_needed;
    named_.pop_front();
  }
  return state;
}

namespace {

// Of a key that the walk did not see in the store: a load may have written it since.
Result<bool> IsMissing(ObjectStore& store, const std::string& key) {
  const auto found = store.Stat(key);
  if (found) return false;
  if (found.error().kind() == ErrorKind::kNotFound) return true;
  return std::unexpected(found.error());
}

// Quarantine objects are in another store, as may be another pipeline's.
bool IsNeededParquet(const ParquetKeyState& state) {
  return state.is_needed && IsParquetKey(state.key);
}

}  // namespace

Result<ParquetComparison> CompareParquet(ObjectStore& parquet, const FilePages& named,
                                         const HourRange& hours, Timestamp young_since,
                                         const OnKey& on_key) {
  ParquetComparison found;
  ParquetWalk walk(parquet, named, hours);
  for (uint64_t keys = 1;; ++keys) {
    SLUICE_ASSIGN(const std::optional<ParquetKeyState> state, walk.Next());
    if (!state) return found;
    if (on_key) SLUICE_TRY(on_key(keys));
    if (!state->stored) {
      if (!IsNeededParquet(*state)) continue;
      SLUICE_ASSIGN(const bool is_missing, IsMissing(parquet, state->key));
      if (!is_missing) continue;
      ++found.missing;
      Keep(found.examples, state->key);
      continue;
    }
    ++found.stored;
    if (!IsParquetKey(state->key)) continue;
    if (state->is_named) {
      ++found.named;
    } else {
      ++(state->stored->last_modified > young_since ? found.young : found.unnamed);
    }
  }
}

Result<QuarantineComparison> CompareQuarantine(ObjectStore& quarantine, const FilePages& named,
                                               const HourRange& hours, const OnKey& on_key) {
  QuarantineComparison found;
  ParquetWalk walk(quarantine, named, hours);
  for (uint64_t keys = 1;; ++keys) {
    SLUICE_ASSIGN(const std::optional<ParquetKeyState> state, walk.Next());
    if (!state) return found;
    if (on_key) SLUICE_TRY(on_key(keys));
    if (!state->is_needed || IsParquetKey(state->key)) continue;
    ++found.named;
    if (state->stored) continue;
    SLUICE_ASSIGN(const bool is_missing, IsMissing(quarantine, state->key));
    if (!is_missing) continue;
    ++found.missing;
    Keep(found.examples, state->key);
  }
}

Result<GcReport> CollectGarbage(ObjectStore& parquet, Warehouse& warehouse,
                                const GcOptions& options) {
  GcReport report;
  SLUICE_ASSIGN(report.refusal, RefusalOf(parquet, warehouse, options));
  ParquetWalk walk(parquet, FilePagesOf(warehouse));
  std::vector<Unnamed> unnamed;
  for (uint64_t keys = 1;; ++keys) {
    SLUICE_ASSIGN(const std::optional<ParquetKeyState> state, walk.Next());
    if (!state || unnamed.size() == kJudged) {
      SLUICE_TRY(Judge(parquet, warehouse, options, unnamed, report));
      unnamed.clear();
    }
    if (!state) return report;
    if (options.on_key) SLUICE_TRY(options.on_key(keys));
    if (!state->stored) {
      if (!IsNeededParquet(*state)) continue;
      SLUICE_ASSIGN(const bool is_missing, IsMissing(parquet, state->key));
      if (!is_missing) continue;
      ++report.missing;
      Keep(report.missing_examples, state->key);
      continue;
    }
    if (state->key == kOwnerKey) continue;
    ++report.stored;
    if (state->is_named) {
      ++report.named;
    } else if (!IsParquetKey(state->key)) {
      ++report.foreign;
    } else if (state->stored->last_modified > options.young_since) {
      ++report.young;
    } else {
      auto found = ReadFooter(parquet, *state->stored);
      if (!found && found.error().kind() == ErrorKind::kTransient) {
        return std::unexpected(found.error());
      }
      if (!found) {
        ++report.unreadable;
      } else if (*found) {
        unnamed.push_back(std::move(**found));
      } else {
        ++report.foreign;
      }
    }
  }
}

std::string ToJson(const GcReport& report) {
  JsonText json;
  json.BeginObject().Key("stored").Value(report.stored).Key("named").Value(report.named);
  json.Key("orphans").Value(report.orphans).Key("orphan_bytes").Value(report.orphan_size.count);
  json.Key("claimed").Value(report.claimed);
  json.Key("removed").Value(report.removed).Key("young").Value(report.young);
  json.Key("unsettled").Value(report.unsettled).Key("current").Value(report.current);
  json.Key("foreign").Value(report.foreign).Key("unreadable").Value(report.unreadable);
  json.Key("missing").Value(report.missing).Key("refusal");
  report.refusal.empty() ? json.Null() : json.Value(report.refusal);
  const auto list = [&](std::string_view name, const std::vector<std::string>& keys) {
    json.Key(name).BeginArray();
    for (const std::string& key : keys) json.Value(key);
    json.EndArray();
  };
  list("orphan_examples", report.orphan_examples);
  list("missing_examples", report.missing_examples);
  json.EndObject();
  return json.text();
}

}  // namespace sluice
