// SPDX-License-Identifier: Apache-2.0
#include "sluice/generate/event_generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace sluice {
namespace {

// A body is closed when it is longer; one more event is far from filling it up to 1 MiB.
constexpr size_t kFullBody = 256 << 10;
constexpr double kShareOfNotJsonMessages = 0.05;  // of the broken events
constexpr uint64_t kFirstTableShare = 70;         // of 100 events; the other tables share the rest

bool IsShare(double share) {
  return share >= 0 && share <= 1;
}

Status Check(const TableSet& tables, const GeneratorOptions& options) {
  if (tables.tables.empty()) {
    return Fail(ErrorKind::kPermanent, "cannot make events: no tables are configured");
  }
  for (const double share :
       {options.share_broken, options.share_duplicated, options.share_unrouted, options.share_late,
        options.share_reordered, options.share_unusual,
        options.share_broken + options.share_duplicated + options.share_unrouted}) {
    if (!IsShare(share)) {
      return Fail(ErrorKind::kPermanent,
                  "cannot make events: shares lie between 0 and 1, those of broken, duplicated and "
                  "unrouted events together too: share={}",
                  share);
    }
  }
  const std::chrono::days slack(30);
  const Timestamp first{std::chrono::sys_days(std::chrono::year(1970) / 1 / 1)};
  const Timestamp last{std::chrono::sys_days(std::chrono::year(9999) / 12 / 31)};
  if (options.duration.count() < 0 || options.duration > last - first ||
      options.start < first + slack || options.start + options.duration > last - slack) {
    return Fail(ErrorKind::kPermanent,
                "cannot make events: the event times must lie between 1970 and 9999");
  }
  if (options.records_per_message < 1) {
    return Fail(ErrorKind::kPermanent, "cannot make events: a message needs at least one record");
  }
  return {};
}

// A top-level key that no rule asks for; empty where a rule takes everything.
std::string UnroutedKey(const TableSet& tables) {
  if (TakesEverything(tables)) return {};
  std::string key = "heartbeat";
  const auto is_asked_for = [&] {
    return std::ranges::any_of(tables.rules, [&](const RoutingRule& rule) {
      return std::ranges::any_of(rule.conditions, [&](const Condition& condition) {
        return !condition.path.empty() && condition.path.front() == key;
      });
    });
  };
  while (is_asked_for()) key += "_x";
  return key;
}

}  // namespace

Result<std::unique_ptr<EventGenerator>> EventGenerator::Make(const TableSet& tables,
                                                             GeneratorOptions options) {
  SLUICE_TRY(Check(tables, options));
  std::vector<EventWriter> writers;
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    SLUICE_ASSIGN(EventShape shape, ShapeEvents(tables, i, options.events));
    writers.emplace_back(tables.tables[i], std::move(shape), options.seed);
  }
  return std::unique_ptr<EventGenerator>(
      new EventGenerator(options, std::move(writers), UnroutedKey(tables)));
}

EventGenerator::EventGenerator(GeneratorOptions options, std::vector<EventWriter> writers,
                               std::string unrouted_key)
    : options_(options),
      writers_(std::move(writers)),
      unrouted_key_(std::move(unrouted_key)),
      random_(Random::Mix(options.seed)) {
  truth_.seed = options_.seed;
  for (const EventWriter& writer : writers_) {
    truth_.tables.push_back({.table = writer.table().name()});
  }
}

int64_t EventGenerator::DrawTime() {
  const double step =
      static_cast<double>(options_.duration.count()) / static_cast<double>(options_.events);
  int64_t time = options_.start.time_since_epoch().count() +
                 static_cast<int64_t>(step * (static_cast<double>(drawn_) + random_.Share()));
  const double kind = random_.Share();
  const auto back = [&](std::chrono::microseconds most) {
    time -= static_cast<int64_t>(random_.Below(static_cast<uint64_t>(most.count())));
  };
  if (kind < options_.share_late) {
    back(std::chrono::days(3));
    ++truth_.late;
  } else if (kind < options_.share_late + options_.share_reordered) {
    back(std::chrono::minutes(5));
    ++truth_.reordered;
  }
  return time;
}

void EventGenerator::MakeFaulty(EventDraft& draft) {
  if (random_.Share() < kShareOfNotJsonMessages) {
    draft.fault = EventFault::kNotJsonMessage;
    return;
  }
  const PossibleFault& chosen = random_.Pick(writers_[draft.table].faults());
  draft.fault = chosen.fault;
  if (!chosen.columns.empty()) draft.column = random_.Pick(chosen.columns);
}

void EventGenerator::MakeUnusual(EventDraft& draft) {
  const PossibleOddity& chosen = random_.Pick(writers_[draft.table].oddities());
  draft.oddity = chosen.oddity;
  if (!chosen.columns.empty()) draft.column = random_.Pick(chosen.columns);
}

EventDraft EventGenerator::DrawNew(double kind) {
  EventDraft draft{.serial = drawn_, .contents = random_.Next()};
  const uint64_t of_100 = random_.Below(100);
  if (writers_.size() > 1 && of_100 >= kFirstTableShare) {
    draft.table = 1 + of_100 % (writers_.size() - 1);
  }
  if (kind < options_.share_unrouted && !unrouted_key_.empty()) {
    draft.table = kUnrouted;
    return draft;
  }
  draft.time = DrawTime();
  if (kind >= 1 - options_.share_broken) {
    MakeFaulty(draft);
  } else if (random_.Share() < options_.share_unusual) {
    MakeUnusual(draft);
  }
  return draft;
}

EventDraft EventGenerator::DrawRepeated() {
  const size_t newest = (oldest_ + remembered_.size() - 1) % remembered_.size();
  const uint64_t kind = random_.Below(100);
  // Many repeats follow at once, in the same message.
  EventDraft draft = remembered_[kind < 40 ? newest : random_.Below(remembered_.size())];
  ++truth_.repeated;
  if (kind % 7 == 0 && draft.fault == EventFault::kNone && draft.table != kUnrouted) {
    draft.contents = random_.Next();
    ++truth_.differing;
  }
  return draft;
}

void EventGenerator::Remember(const EventDraft& draft) {
  if (remembered_.size() < kRemembered) {
    remembered_.push_back(draft);
  } else {
    remembered_[oldest_] = draft;
    oldest_ = (oldest_ + 1) % kRemembered;
  }
}

EventDraft EventGenerator::AppendNext(std::string& out) {
  const double kind = random_.Share();
  const bool repeats = kind >= options_.share_unrouted &&
                       kind < options_.share_unrouted + options_.share_duplicated &&
                       !remembered_.empty();
  const EventDraft draft = repeats ? DrawRepeated() : DrawNew(kind);
  Remember(draft);
  Count(draft, repeats ? Novelty::kRepeated : Novelty::kNew);
  ++drawn_;
  AppendText(out, draft);
  return draft;
}

void EventGenerator::Count(const EventDraft& draft, Novelty novelty) {
  ++truth_.events;
  const auto quarantined = [&](std::string_view reason) {
    const auto found = truth_.reasons.find(reason);
    if (found != truth_.reasons.end()) {
      ++found->second;
    } else {
      truth_.reasons.emplace(reason, 1);
    }
  };
  if (draft.table == kUnrouted || draft.fault >= EventFault::kBadSyntax) {
    ++truth_.no_route;
    quarantined(draft.table == kUnrouted ? "no_route" : ReasonOf(draft.fault, {}));
    return;
  }
  const Table& table = writers_[draft.table].table();
  GeneratedTable& counts = truth_.tables[draft.table];
  ++counts.in;
  if (draft.fault != EventFault::kNone) {
    ++counts.quarantined;
    quarantined(ReasonOf(draft.fault, table.schema.columns[draft.column].type));
    return;
  }
  if (draft.oddity != EventOddity::kNone) ++truth_.unusual;
  if (novelty == Novelty::kRepeated && !table.unique.empty()) {
    ++counts.duplicates;
  } else {
    ++counts.loaded;
  }
}

void EventGenerator::AppendText(std::string& out, const EventDraft& draft) const {
  if (draft.table == kUnrouted) {
    out += fmt::format("{{\"{}\": {{\"host\": \"web-{}\", \"uptime\": {}}}}}", unrouted_key_,
                       draft.contents % 16, draft.serial);
  } else if (draft.fault == EventFault::kNotJsonMessage) {
    Random random(draft.contents);
    out += NotJsonMessage(random);
  } else {
    writers_[draft.table].Append(out, draft);
  }
}

std::string EventGenerator::NextBody() {
  std::string body = "{\"Records\": [";
  size_t records = 0;
  while (drawn_ < options_.events && records < options_.records_per_message &&
         body.size() < kFullBody) {
    const size_t end = body.size();
    if (records > 0) body += ", ";
    const size_t begin = body.size();
    if (AppendNext(body).fault == EventFault::kNotJsonMessage) {
      std::string alone = body.substr(begin);
      if (records == 0) return alone;
      held_message_ = std::move(alone);
      body.resize(end);
      break;
    }
    ++records;
  }
  if (records == 0) return {};
  return body + "]}";
}

bool EventGenerator::NextMessage(std::string& body) {
  body = held_message_.empty() ? NextBody() : std::exchange(held_message_, {});
  if (body.empty()) return false;
  ++truth_.messages;
  truth_.bytes += body.size();
  return true;
}

bool EventGenerator::NextEvent(std::string& line) {
  line.clear();
  if (drawn_ >= options_.events) return false;
  AppendNext(line);
  truth_.bytes += line.size();
  return true;
}

}  // namespace sluice
