// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sluice/base/counted.h"
#include "sluice/base/shell_word.h"
#include "sluice/base/utf8.h"
#include "sluice/operate/reconcile.h"
#include "sluice/operate/why.h"
#include "sluice/warehouse/field_changes.h"

namespace sluice {
namespace {

struct RawObject {
  const Witnesses& witnesses;
  std::string key;
  std::optional<ObjectInfo> stored;
  std::string identity;           // of what is stored; or empty
  std::vector<LedgerPart> parts;  // the newest first
  std::optional<Timestamp> hour;  // absent: not as the layout says
  int64_t accepted = 0;           // events in quarantine that were given up
  bool is_elsewhere = false;      // `parts` are of raw stores that were configured before

  std::string Backfill() const {
    return hour ? "sluice backfill --from " + HourText(*hour) : "give it a key as raw.layout says";
  }
  // What every fix begins with.
  std::string_view Where() const { return is_elsewhere ? "with raw.url as it was then: " : ""; }
  std::string GiveUp() const {
    return fmt::format(
        "sluice quarantine accept WHY --object {} gives up the one that is not loaded",
        ShellWord(key));
  }
  // The version that is loaded, or null.
  const LedgerPart* Loaded() const {
    const auto found = std::ranges::find_if(parts, [](const LedgerPart& part) {
      return part.is_objects_own() && part.state == ObjectState::kLoaded;
    });
    return found == parts.end() ? nullptr : &*found;
  }
  bool IsLoaded() const { return Loaded() != nullptr; }
  bool HasContentOfAnotherStore() const {
    return !IsLoaded() && std::ranges::any_of(parts, [](const LedgerPart& part) {
      return part.reason.starts_with(kSameContent);
    });
  }
};

Result<std::string> WhetherThere(ObjectStore* store, const std::string& key) {
  if (store == nullptr) return "the store is not there";
  const auto found = store->Stat(key);
  if (found) return ToText(found->size);
  if (found.error().kind() == ErrorKind::kNotFound) return std::string("missing");
  return std::unexpected(found.error());
}

// Where a file of the ledger's is.
Status AddFile(ObjectStore* store, std::string_view what, const LedgerPart& part, Story& story) {
  if (part.parquet.empty()) return {};
  SLUICE_ASSIGN(const std::string there, WhetherThere(store, part.parquet));
  story.Add("", fmt::format("{} object {} ({})", what, part.parquet, there));
  return {};
}

// What of a table's part was changed on the way from event to row.
Status AddChanges(const LedgerPart& part, Story& story) {
  SLUICE_ASSIGN(const std::vector<FieldChange> changes, ParseFieldChanges(part.changes));
  for (const FieldChange& change : changes) {
    story.Add("", fmt::format("{}: {} {} in {}", part.table, Name(change.kind),
                              WithoutControls(change.name), Counted(change.events, "event")));
  }
  return {};
}

// What shows the events whose fields were changed.
void AddPreview(const RawObject& object, Story& story) {
  const bool has_changes = std::ranges::any_of(object.parts, [&](const LedgerPart& part) {
    return part.identity == object.identity && !part.changes.empty();
  });
  if (!has_changes) return;
  constexpr std::string_view kFile = "file://";
  const std::string address = object.witnesses.raw_uri + object.key;
  story.Add("", "what was changed: " +
                    (address.starts_with(kFile)
                         ? "sluice preview " + ShellWord(address.substr(kFile.size()))
                         : "aws s3 cp " + ShellWord(address) + " - | sluice preview -"));
}

// A replay's rows say by how much the object's own changed.
Status AddReplay(const Witnesses& witnesses, const LedgerPart& part, Story& story) {
  if (!part.is_of_table()) {
    story.Add(part.loaded_at, fmt::format("replayed by batch {}: {} of its events left quarantine",
                                          part.batch, -part.quarantined));
    return {};
  }
  if (part.loaded + part.duplicates == 0) return {};
  story.Add("",
            fmt::format("{}: {} loaded + {} duplicates", part.table, part.loaded, part.duplicates));
  return AddFile(witnesses.parquet, "Parquet", part, story);
}

Status AddPart(const Witnesses& witnesses, const LedgerPart& part, Story& story) {
  if (part.replay_of != 0) return AddReplay(witnesses, part, story);
  if (!part.is_of_table()) {
    std::string text = fmt::format(
        "{} by batch {}: {} lines, of which {} quarantined, {} without a route, {} dropped",
        Name(part.state), part.batch, part.lines, part.quarantined, part.no_route, part.dropped);
    if (!part.reason.empty()) text += ": " + part.reason;
    story.Add(part.loaded_at, std::move(text));
    return AddFile(witnesses.quarantine, "quarantine", part, story);
  }
  if (part.routed == 0) return {};
  story.Add("",
            fmt::format("{}: {} events = {} loaded + {} duplicates + {} quarantined", part.table,
                        part.routed, part.loaded, part.duplicates, part.quarantined));
  SLUICE_TRY(AddChanges(part, story));
  return AddFile(witnesses.parquet, "Parquet", part, story);
}

// Each version's own row, then its tables'; the oldest version first.
Status AddLedger(const RawObject& object, Story& story) {
  std::vector<const LedgerPart*> parts;
  for (const LedgerPart& part : object.parts) parts.push_back(&part);
  std::ranges::sort(parts, [](const LedgerPart* a, const LedgerPart* b) {
    return std::tie(a->loaded_at, a->object, a->table) <
           std::tie(b->loaded_at, b->object, b->table);
  });
  for (const LedgerPart* part : parts) SLUICE_TRY(AddPart(object.witnesses, *part, story));
  return {};
}

Status AddAccepted(RawObject& object, Story& story) {
  SLUICE_ASSIGN(const QuarantineSummary given_up,
                object.witnesses.warehouse.SumQuarantine(
                    {.raw_key = object.key, .kind = QuarantineKind::kAccepted}));
  for (const QuarantineGroup& group : given_up.groups) {
    object.accepted += static_cast<int64_t>(group.events);
    story.Add("", fmt::format("{} given up, {}{}{}: {}", Counted(group.events, "quarantined event"),
                              group.reason, group.column.empty() ? "" : " in column ", group.column,
                              group.example.accepted));
  }
  return {};
}

// Of a version with which all is well: another one may wait for a person all the same.
void EndBeside(const RawObject& object, const LedgerPart& part, std::string sentence,
               Story& story) {
  const auto other = std::ranges::find_if(object.parts, [](const LedgerPart& one) {
    return one.is_objects_own() &&
           (one.state == ObjectState::kHeld || one.state == ObjectState::kSetAside);
  });
  std::string fix;
  if (other != object.parts.end() && object.IsLoaded()) {
    sentence +=
        fmt::format("; another version of it is {}: {}",
                    other->state == ObjectState::kHeld ? "held" : "set aside", other->reason);
    fix = std::string(object.Where()) + object.GiveUp();
  }
  story.End(std::string(Name(part.state)), std::move(sentence), fix);
}

// What of a loaded version is in quarantine, and what to do about it; empty where nothing is.
std::string InQuarantine(const RawObject& object, const LedgerPart& loaded) {
  int64_t quarantined = loaded.quarantined;
  for (const LedgerPart& other : object.parts) {
    if (!other.is_of_table() && other.replay_of == loaded.object) quarantined += other.quarantined;
  }
  quarantined -= object.accepted;
  if (quarantined <= 0) return "";
  return fmt::format(
      "; {} of its {} events are in quarantine: sluice quarantine show --object {} shows them, "
      "sluice quarantine replay tries them again",
      quarantined, loaded.lines, ShellWord(object.key));
}

void EndKnown(const RawObject& object, const LedgerPart& part, Story& story) {
  const std::string name(Name(part.state));
  const std::string reason = part.reason.empty() ? "" : ": " + part.reason;
  switch (part.state) {
    case ObjectState::kLoaded: {
      std::string sentence =
          fmt::format("loaded on {} by batch {}", MomentText(part.loaded_at), part.batch);
      sentence += InQuarantine(object, part);
      if (!object.stored) sentence += "; it is no longer in the raw store";
      return EndBeside(object, part, std::move(sentence), story);
    }
    case ObjectState::kReplaced:
      if (part.reason.starts_with(kSameContent)) {
        std::string sentence = "loaded, since " + part.reason;
        if (const LedgerPart* loaded = object.Loaded()) sentence += InQuarantine(object, *loaded);
        return EndBeside(object, part, std::move(sentence), story);
      }
      return EndBeside(object, part, "not loaded, because another version took its place" + reason,
                       story);
    case ObjectState::kHeld:
      return story.End(
          name, "not loaded, because it is held" + reason,
          object.IsLoaded()
              ? fmt::format("{}{} --replace puts it in the place of the version that is loaded; {}",
                            object.Where(), object.Backfill(), object.GiveUp())
              : fmt::format("{}mend what the reason says, then {}; or sluice quarantine accept "
                            "WHY --object {}",
                            object.Where(), object.Backfill(), ShellWord(object.key)));
    case ObjectState::kSetAside:
      return story.End(
          name, "not loaded, because it is set aside" + reason,
          fmt::format("{}mend what the reason says, then {}{}", object.Where(), object.Backfill(),
                      object.IsLoaded() ? "; " + object.GiveUp() : ""));
    case ObjectState::kVanished:
      return story.End(
          name, "not loaded, because it was gone when it was to be read",
          object.stored ? object.Backfill()
                        : fmt::format("{}put it back, then {}", object.Where(), object.Backfill()));
  }
}

void EndUnknown(const RawObject& object, Story& story) {
  const Witnesses& w = object.witnesses;
  if (w.raw == nullptr) {
    return story.End("not_landed", "not loaded, because there is no raw store yet",
                     "sluice run --once");
  }
  if (!object.stored) {
    return story.End("not_landed",
                     "not loaded, because there is no such object in the raw store, and the ledger "
                     "never had it",
                     "see whether the key is right: it is below " + w.raw_uri);
  }
  if (!object.hour) {
    return story.End(
        "foreign",
        fmt::format("not loaded, because its key is not as raw.layout says: {}", w.layout.text()),
        object.Backfill());
  }
  if (w.paused) {
    return story.End("paused", "not loaded, because loading is paused: " + *w.paused,
                     "sluice resume");
  }
  if (w.waiting_notifications() > 0) {
    const bool is_young = object.stored->last_modified > w.now - w.grace;
    const std::string sentence =
        fmt::format("not loaded yet, because its notification may be one of the {} that wait",
                    w.waiting_notifications());
    return is_young ? story.End("waiting", sentence)
                    : story.End("waiting", sentence, "sluice process");
  }
  if (object.stored->last_modified > w.now - w.grace) {
    return story.End("waiting",
                     "not loaded yet, because it is young: " +
                         PendingText(1, w.notifications, object.stored->last_modified + w.grace,
                                     w.now, object.Backfill()));
  }
  story.End("missing",
            "not loaded, because nobody was told of it: it landed without a notification",
            FixOfMissing(*object.hour, *object.hour, w.now, object.Backfill()));
}

// Which row of the ledger decides: that of the stored version; else what is loaded; else the
// newest.
const LedgerPart* DecidingPart(const RawObject& object) {
  const LedgerPart* deciding = nullptr;
  for (const LedgerPart& part : object.parts) {
    if (!part.is_objects_own()) continue;
    if (part.identity == object.identity) return &part;
    const bool is_better = deciding == nullptr || (part.state == ObjectState::kLoaded &&
                                                   deciding->state != ObjectState::kLoaded);
    if (is_better) deciding = &part;
  }
  return deciding;
}

}  // namespace

Result<Story> WhyObject(const Witnesses& witnesses, const std::string& key) {
  Story story{.kind = "object", .subject = key};
  RawObject object{.witnesses = witnesses, .key = key};
  if (const auto hour = witnesses.layout.HourOf({key})) object.hour = *hour;
  if (witnesses.raw != nullptr) {
    auto stored = witnesses.raw->Stat(key);
    if (stored) {
      object.identity = ObjectIdentity{witnesses.raw_uri, {key}, stored->etag}.ToText();
      object.stored = std::move(*stored);
    } else if (stored.error().kind() != ErrorKind::kNotFound) {
      return std::unexpected(stored.error());
    }
  }
  if (object.stored) {
    story.Add(ToIso8601(object.stored->last_modified),
              fmt::format("in the raw store: {}, ETag {}", ToText(object.stored->size),
                          object.stored->etag));
  } else {
    story.Add("", "not in the raw store");
  }
  SLUICE_ASSIGN(object.parts,
                witnesses.warehouse.ListParts({.store = witnesses.raw_uri, .raw_key = key}));
  const bool is_unknown_here = object.parts.empty() && !object.stored;
  if (is_unknown_here || object.HasContentOfAnotherStore()) {
    SLUICE_ASSIGN(object.parts, witnesses.warehouse.ListParts({.raw_key = key}));
    object.is_elsewhere = is_unknown_here && !object.parts.empty();
  }
  if (object.is_elsewhere) {
    story.Add("", "the ledger has it of another raw store: " + object.parts.front().identity);
  }
  SLUICE_TRY(AddLedger(object, story));
  AddPreview(object, story);
  SLUICE_TRY(AddAccepted(object, story));
  if (object.parts.empty()) story.Add("", "the ledger does not know it");
  AddNotifications(witnesses, story);
  story.SortLines();
  const LedgerPart* part = DecidingPart(object);
  if (part == nullptr) {
    EndUnknown(object, story);
  } else if (object.stored && part->identity != object.identity &&
             part->state == ObjectState::kLoaded) {
    story.End("overwritten",
              fmt::format("not loaded, because another version of the key is: on {} by batch {}",
                          MomentText(part->loaded_at), part->batch),
              object.Backfill() + " --replace puts the new one in its place");
  } else {
    EndKnown(object, *part, story);
  }
  return story;
}

}  // namespace sluice
