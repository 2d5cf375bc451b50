// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/infer_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sluice/base/counted.h"
#include "sluice/base/hash.h"
#include "sluice/operate/infer_names.h"

namespace sluice {
namespace {

// Fewer events show little of an id, and very few may have different ones of anything.
constexpr uint64_t kFewEvents = 100;
constexpr uint64_t kVeryFewEvents = 20;
constexpr int32_t kLongestSuper = 65'535;

std::string DigestOf(std::string_view text) {
  const Sha256Digest digest = Sha256Of(text);
  return {digest.begin(), digest.begin() + 16};
}

bool CanCompare(const ColumnType& type) {
  return type.kind == TypeKind::kChar || type.kind == TypeKind::kVarchar ||
         type.kind == TypeKind::kInteger || type.kind == TypeKind::kBigInt ||
         (type.kind == TypeKind::kDecimal && type.scale == 0);
}

// What PostgreSQL and sluice call columns of their own.
const std::set<std::string> kTakenNames = {"oid",
                                           "tableoid",
                                           "xmin",
                                           "cmin",
                                           "xmax",
                                           "cmax",
                                           "ctid",
                                           std::string(kObjectColumn),
                                           std::string(kLineColumn)};

// Names for the columns: a key that is a name has it before one that only resembles it.
std::vector<std::string> NamesOf(const std::vector<FieldPath>& paths) {
  std::vector<std::string> names(paths.size());
  std::set<std::string> taken = kTakenNames;
  for (const bool exact : {true, false}) {
    for (size_t i = 0; i < paths.size(); ++i) {
      const std::string wanted = IdentifierOf(paths[i]);
      if ((paths[i] == FieldPath{wanted}) != exact) continue;
      std::string name = wanted;
      for (int n = 2; !taken.insert(name).second; ++n) {
        const std::string suffix = fmt::format("_{}", n);
        name = wanted.substr(0, 63 - suffix.size()) + suffix;
      }
      names[i] = std::move(name);
    }
  }
  return names;
}

bool NamesEvent(const FieldPath& path) {
  return std::ranges::any_of(path, [](const std::string& key) {
    const std::vector<std::string> words = WordsOf(key);
    return std::ranges::find(words, "event") != words.end();
  });
}

}  // namespace

// Amazon Redshift Database Developer Guide, "Compression encodings": AZ64 is for numbers without
// exponent, dates and times only.
std::string EncodingOf(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::kSuper:
      return "";
    case TypeKind::kBoolean:
    case TypeKind::kReal:
    case TypeKind::kDouble:
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return "zstd";
    default:
      return "az64";
  }
}

TableObserver::TableObserver(const SampleFields& fields)
    : fields_(fields), observers_(fields.tree().size()) {
  for (size_t i = 0; i < observers_.size(); ++i) {
    const FieldPath path = fields.PathOf(static_cast<int>(i));
    ids_.push_back(path.empty() ? std::nullopt : IdNameOf(path));
  }
}

void TableObserver::Add(const EventReader& event, TypeTrials& trials) {
  ++events_;
  const bool is_new = lines_.insert(DigestOf(event.line())).second;
  different_ += is_new ? 1 : 0;
  for (size_t i = 1; i < observers_.size(); ++i) {
    const int field = static_cast<int>(i);
    const JsonValue& value = event.value(field);
    if (value.kind == JsonKind::kAbsent) continue;
    observers_[i].Add(value, trials);
    if (is_new && ids_[i]) AddKey(field, value, trials);
  }
}

void TableObserver::AddKey(int field, const JsonValue& value, TypeTrials& trials) {
  KeyUse& use = keys_[field];
  const bool is_scalar = value.kind == JsonKind::kString || value.kind == JsonKind::kNumber;
  if (!is_scalar || !trials.CanBeKey(value)) {
    ++use.unfit;
  } else if (!use.seen.insert(DigestOf(value.kind == JsonKind::kString ? value.text : value.raw))
                  .second) {
    ++use.repeated;
  }
  // Most are of somebody who comes again: nothing is kept of those.
  std::optional<IdName>& id = ids_[static_cast<size_t>(field)];
  if (id == IdName::kThing && use.unfit + use.repeated > 0) {
    id.reset();
    keys_.erase(field);
  }
}

uint64_t TableObserver::Lacking(const KeyUse& use) const {
  return different_ - use.seen.size() - use.repeated;
}

// Whether what is in the object gets columns, and not the object.
bool TableObserver::IsTakenApart(int field) const {
  const ColumnObserver& observer = observers_[static_cast<size_t>(field)];
  return observer.objects() > 0 && observer.objects() == observer.values() &&
         fields_.is_whole(field) && std::ranges::any_of(fields_.children(field), [&](int child) {
           const ColumnObserver& inner = observers_[static_cast<size_t>(child)];
           return inner.values() + inner.nulls() > 0;
         });
}

void TableObserver::ListColumns(int object, std::vector<int>& columns) const {
  for (const int field : fields_.children(object)) {
    const ColumnObserver& observer = observers_[static_cast<size_t>(field)];
    if (observer.values() + observer.nulls() == 0) continue;
    IsTakenApart(field) ? ListColumns(field, columns) : columns.push_back(field);
  }
}

bool TableObserver::HasInEveryEvent(const ColumnObserver& observer) const {
  return observer.values() == events_;
}

ProposedColumn TableObserver::Describe(int field, bool is_required) const {
  const ColumnObserver& observer = observers_[static_cast<size_t>(field)];
  const InferredType inferred = observer.Infer(IsMomentName(fields_.tree().key(field)));
  ProposedColumn proposed;
  proposed.column.type = inferred.type;
  proposed.column.not_null =
      is_required || (events_ >= kEnoughEvents && HasInEveryEvent(observer) &&
                      inferred.unfit == 0 && inferred.type.kind != TypeKind::kSuper);
  proposed.source = {.path = fields_.PathOf(field), .epoch = inferred.epoch};
  proposed.encoding = EncodingOf(inferred.type);
  proposed.reason = inferred.reason;
  if (!HasInEveryEvent(observer) && observer.values() > 0) {
    if (!proposed.reason.empty()) proposed.reason += "; ";
    proposed.reason += fmt::format("{} of {} events have it", observer.values(), events_);
  }
  return proposed;
}

// Only an id of events: in a sample hardly anybody's comes twice, and in the stream it does.
void TableObserver::ChooseUnique(const std::vector<int>& fields, ProposedTable& table) const {
  for (const bool names_event : {true, false}) {
    for (size_t i = 0; i < fields.size() && !table.unique; ++i) {
      const auto use = keys_.find(fields[i]);
      if (use == keys_.end() || ids_[static_cast<size_t>(fields[i])] != IdName::kEvent) continue;
      if (NamesEvent(fields_.PathOf(fields[i])) == names_event) TryUnique(use->second, i, table);
    }
  }
  if (!table.unique) table.unique_reason = WhyNoKey(fields, table);
}

void TableObserver::TryUnique(const KeyUse& use, size_t i, ProposedTable& table) const {
  const uint64_t lacking = Lacking(use);
  ProposedColumn& column = table.columns[i];
  if (!CanCompare(column.column.type) || !IsFew(use.repeated, different_) ||
      !IsFew(lacking, different_)) {
    return;
  }
  table.unique = i;
  column.column.not_null = true;
  if (use.repeated > 0) {
    table.unique_reason = fmt::format(
        "{} of {} different events have one that was there before: all but the first count as "
        "duplicates",
        use.repeated, different_);
  } else if (different_ < kFewEvents) {
    table.unique_reason = fmt::format("by its name; only {} seen, which shows little",
                                      Counted(different_, "different event"));
  } else {
    table.unique_reason = fmt::format("no two of {} different events share one", different_);
  }
  if (lacking > 0) {
    table.unique_reason +=
        fmt::format("; {} have none that can be a key and go to quarantine", lacking);
  }
}

std::string TableObserver::WhyNoKey(const std::vector<int>& fields,
                                    const ProposedTable& table) const {
  constexpr size_t kMostNamed = 3;
  std::vector<std::string> names;
  for (size_t i = 0; i < fields.size() && names.size() < kMostNamed; ++i) {
    const auto use = keys_.find(fields[i]);
    if (use == keys_.end() || ids_[static_cast<size_t>(fields[i])] != IdName::kThing) continue;
    if (Lacking(use->second) > 0 || !CanCompare(table.columns[i].column.type)) continue;
    names.push_back(table.columns[i].column.name);
  }
  const std::string none = "no key that is named like an event's id tells events apart";
  if (names.empty() || different_ < kVeryFewEvents) return none;
  return fmt::format("{}; {} did in {} different events: write [{}] if it is the event's own", none,
                     fmt::join(names, ", "), different_, names.front());
}

// One of the event itself before one of something in it; one that every event has before one that
// nearly all have.
void TableObserver::ChooseTime(const std::vector<int>& fields, ProposedTable& table) const {
  for (const bool is_nested : {false, true}) {
    for (const bool exactly : {true, false}) {
      for (size_t i = 0; i < fields.size() && !table.time; ++i) {
        if ((fields_.PathOf(fields[i]).size() > 1) == is_nested)
          TryTime(fields[i], i, exactly, table);
      }
    }
  }
}

void TableObserver::TryTime(int field, size_t i, bool exactly, ProposedTable& table) const {
  const std::optional<InferredType> time =
      observers_[static_cast<size_t>(field)].InferTime(events_);
  if (!time || (exactly && time->unfit > 0) || table.unique == i ||
      !IsEventTimeName(fields_.tree().key(field))) {
    return;
  }
  ProposedColumn& column = table.columns[i];
  table.time = i;
  table.time_reason = "the first time that events have";
  if (table.unique) table.time_reason += "; a duplicate must have the same";
  column.column.not_null = true;
  if (time->unfit > 0) {
    column.column.type = time->type;
    column.source.epoch = time->epoch;
    column.reason = time->reason;
    table.time_reason += "; " + time->reason;
  }
}

// Where very many keys are in some events only, they are no names but values.
size_t TableObserver::LeaveOutValues(const std::vector<int>& required,
                                     std::vector<int>& fields) const {
  const auto is_optional = [&](int field) {
    const ColumnObserver& observer = observers_[static_cast<size_t>(field)];
    return !IsFew(events_ - observer.values() - observer.nulls(), events_) &&
           std::ranges::find(required, field) == required.end();
  };
  const auto optional = static_cast<size_t>(std::ranges::count_if(fields, is_optional));
  if (optional <= kMostOptional) return 0;
  return std::erase_if(fields, is_optional);
}

ProposedTable TableObserver::Propose(const std::vector<int>& required) const {
  std::vector<int> fields;
  ListColumns(FieldTree::kEvent, fields);
  ProposedTable table{.events = events_};
  table.collected = LeaveOutValues(required, fields);
  std::vector<FieldPath> paths;
  for (const int field : fields) {
    table.columns.push_back(Describe(field, std::ranges::find(required, field) != required.end()));
    paths.push_back(table.columns.back().source.path);
  }
  if (table.collected > 0) {
    table.collect = table.columns.size();
    table.columns.push_back(
        {.column = {.type = {.kind = TypeKind::kSuper, .length = kLongestSuper}},
         .reason = "the keys that no other column takes"});
    paths.push_back({"other_fields"});
  }
  const std::vector<std::string> names = NamesOf(paths);
  for (size_t i = 0; i < names.size(); ++i) table.columns[i].column.name = names[i];
  if (table.collect) table.columns[*table.collect].source.path = {names[*table.collect]};
  ChooseUnique(fields, table);
  ChooseTime(fields, table);
  if (table.time) table.columns[*table.time].encoding = "raw";
  return table;
}

}  // namespace sluice
