// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/infer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sluice/base/check.h"
#include "sluice/base/json_text.h"
#include "sluice/ndjson/event_router.h"
#include "sluice/operate/infer_names.h"
#include "sluice/operate/infer_shapes.h"
#include "sluice/operate/infer_table.h"

namespace sluice {
namespace {

// A key with more different values, or longer ones, says no kind of event.
constexpr size_t kMostValues = 16;
constexpr size_t kLongestValue = 64;
constexpr size_t kMostValueKeys = 16;
// Where keys are values, one that fewer than 5% of the events have is taken for one.
constexpr uint64_t kCommonShare = 20;

// What is true of the events: which keys they have, and which values those keys have that have few.
class FactFinder {
 public:
  explicit FactFinder(SampleFields& fields, size_t lines) : fields_(fields), lines_(lines) {
    for (const int field : fields.children(FieldTree::kEvent)) keys_.push_back({.field = field});
    ForEachEvent([&] {
      ++events_;
      for (Key& key : keys_) Look(key);
    });
    const auto optional = std::ranges::count_if(
        keys_, [&](const Key& key) { return !IsFew(events_ - key.events, events_); });
    has_values_for_keys_ = static_cast<size_t>(optional) > kMostOptional;
    for (size_t i = 0; i < keys_.size(); ++i) AddFacts(i);
    std::map<std::vector<size_t>, uint64_t> kinds;
    ForEachEvent([&] { ++kinds[FactsOfEvent()]; });
    for (auto& [facts, events] : kinds) kinds_.push_back({.facts = facts, .events = events});
  }

  const std::vector<ShapeFact>& facts() const { return facts_; }
  const std::vector<ShapeKind>& kinds() const { return kinds_; }
  int FieldOf(size_t fact) const { return keys_[facts_[fact].key].field; }

  Condition ConditionOf(size_t fact) const {
    Condition condition{.kind = Condition::Kind::kHas, .path = fields_.PathOf(FieldOf(fact))};
    if (const std::optional<std::string>& value = facts_[fact].value) {
      condition.kind = Condition::Kind::kEquals;
      AppendJsonString(condition.literal, *value);
    }
    return condition;
  }

 private:
  struct Key {
    int field;
    std::map<std::string, size_t, std::less<>> values;  // → its fact
    bool has_few_values = true;
    uint64_t events = 0, unfit = 0;  // that have it, and of these with a value that no rule wants
    size_t fact = 0;
  };

  template <typename Visit>
  void ForEachEvent(Visit&& visit) {
    for (size_t i = 0; i < lines_; ++i) {
      if (fields_.Read(i)) visit();
    }
  }

  void Look(Key& key) const {
    const JsonValue& value = fields_.event().value(key.field);
    if (value.kind == JsonKind::kAbsent) return;
    // A rule that asks for a key wants a NOT NULL column of it.
    ++key.events;
    const bool is_unfit = value.kind == JsonKind::kNull || value.kind == JsonKind::kObject ||
                          value.kind == JsonKind::kArray;
    key.unfit += is_unfit ? 1 : 0;
    key.has_few_values &= value.kind == JsonKind::kString && value.text.size() <= kLongestValue &&
                          CanBeWritten(value.text);
    if (!key.has_few_values) return;
    if (!key.values.contains(value.text)) key.values.emplace(value.text, 0);
    key.has_few_values &= key.values.size() <= kMostValues;
  }

  // Ids and times are of every kind of event, so that one day another table has them too.
  int RankOf(const Key& key) const {
    const std::string& name = fields_.tree().key(key.field);
    if (IdNameOf(name) || IsTimeName(name)) return 2;
    return key.unfit > 0 ? 1 : 0;
  }

  void AddFacts(size_t i) {
    Key& key = keys_[i];
    key.fact = facts_.size();
    const bool is_value = has_values_for_keys_ && key.events * kCommonShare < events_;
    facts_.push_back(
        {.key = i, .can_route = !is_value && IsFew(key.unfit, key.events), .rank = RankOf(key)});
    // An id or a time of today says nothing of the events of tomorrow.
    key.has_few_values &= value_keys_ < kMostValueKeys && RankOf(key) < 2;
    if (!key.has_few_values) return;
    ++value_keys_;
    for (auto& [value, fact] : key.values) {
      fact = facts_.size();
      facts_.push_back({.key = i, .value = value});
    }
  }

  std::vector<size_t> FactsOfEvent() const {
    std::vector<size_t> facts;
    for (const Key& key : keys_) {
      const JsonValue& value = fields_.event().value(key.field);
      if (value.kind == JsonKind::kAbsent) continue;
      facts.push_back(key.fact);
      if (key.has_few_values) facts.push_back(key.values.find(value.text)->second);
    }
    return facts;
  }

  SampleFields& fields_;
  const size_t lines_;
  std::vector<Key> keys_;
  uint64_t events_ = 0;
  bool has_values_for_keys_ = false;
  std::vector<ShapeFact> facts_;
  std::vector<ShapeKind> kinds_;
  size_t value_keys_ = 0;
};

std::string WordsOfRule(const std::vector<Condition>& when) {
  const Condition& last = when.back();
  switch (last.kind) {
    case Condition::Kind::kAny:
      return "other";
    case Condition::Kind::kHas:
      return last.path.back();
    case Condition::Kind::kEquals:
      return last.literal;
  }
  return "";
}

// One table's events are "events", those of several "click_events", "topic_events", "other_events".
void NameTables(std::vector<ProposedTable>& tables) {
  std::set<std::string> taken;
  for (ProposedTable& table : tables) {
    std::string words = IdentifierOf(WordsOfRule(table.when)).substr(0, 50);
    if (words.size() > 1 && words[0] == '_' && (words[1] < '0' || words[1] > '9'))
      words.erase(0, 1);
    std::string name = tables.size() == 1 ? "events" : words + "_events";
    for (int n = 2; !taken.insert(name).second; ++n) name = fmt::format("{}_events_{}", words, n);
    table.name = std::move(name);
  }
}

std::string ReasonOf(const std::vector<Condition>& when, size_t tables) {
  if (tables == 1) return "one shape of events in the sample";
  if (when.front().kind == Condition::Kind::kAny)
    return "all others: they have no key of their own";
  return "";
}

std::vector<ProposedTable> ProposeTables(SampleFields& fields, size_t lines) {
  const FactFinder finder(fields, lines);
  if (finder.kinds().empty()) return {};
  const auto shapes = FindShapes(finder.facts(), finder.kinds());
  std::vector<RoutingRule> rules;
  std::vector<std::vector<int>> required;
  for (const std::vector<size_t>& shape : shapes) {
    RoutingRule rule{.conditions = {}, .table = rules.size()};
    required.emplace_back();
    for (const size_t fact : shape) {
      rule.conditions.push_back(finder.ConditionOf(fact));
      if (!finder.facts()[fact].value) required.back().push_back(finder.FieldOf(fact));
    }
    if (shape.empty()) rule.conditions.push_back({});
    rules.push_back(std::move(rule));
  }
  // The rules name fields that are in the tree, so that this adds none.
  FieldTree tree = fields.tree();
  const Result<EventRouter> router = EventRouter::Make(rules, tree);
  SLUICE_CHECK(router.has_value() && tree.size() == fields.tree().size());
  std::vector<TableObserver> observers(rules.size(), TableObserver(fields));
  TypeTrials trials;
  for (size_t i = 0; i < lines; ++i) {
    if (!fields.Read(i)) continue;
    const EventRouter::Route route = router->RouteOf(fields.event());
    if (route.table) observers[*route.table].Add(fields.event(), trials);
  }
  std::vector<ProposedTable> tables;
  for (size_t i = 0; i < rules.size(); ++i) {
    ProposedTable table = observers[i].Propose(required[i]);
    table.when = rules[i].conditions;
    table.when_reason = ReasonOf(table.when, rules.size());
    tables.push_back(std::move(table));
  }
  NameTables(tables);
  return tables;
}

}  // namespace

Proposal InferTables(const SampleLines& lines) {
  SampleFields fields(lines);
  Proposal proposal{.broken = fields.broken()};
  proposal.tables = ProposeTables(fields, lines.count());
  for (const ProposedTable& table : proposal.tables) proposal.events += table.events;
  for (const ProposedTable& table : proposal.tables) {
    if (!table.collect) continue;
    proposal.notes.push_back(fmt::format(
        "{}: {} keys that not every event has are values rather than names, and get no column but "
        "{}; make columns of those that are names",
        table.name, table.collected, table.columns[*table.collect].column.name));
  }
  if (fields.has_unnamed()) {
    proposal.notes.push_back(
        fmt::format("some keys get no column: they are empty, hold control characters, or come "
                    "behind the first {}",
                    SampleFields::kMostFields));
  }
  // An event may consist of nothing that a column could be made of.
  std::erase_if(proposal.tables, [](const ProposedTable& table) { return table.columns.empty(); });
  return proposal;
}

}  // namespace sluice
