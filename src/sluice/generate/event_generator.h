// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/generate/event_writer.h"
#include "sluice/generate/generator_truth.h"
#include "sluice/generate/random.h"
#include "sluice/schema/table.h"

namespace sluice {

struct GeneratorOptions {
  uint64_t seed = 1;
  uint64_t events = 100'000;  // in all: broken and repeated ones and not-JSON messages included
  Timestamp start{std::chrono::sys_days(std::chrono::year(2020) / 6 / 1)};  // of the event times
  std::chrono::microseconds duration = std::chrono::hours(1);  // that event times spread over
  // Shares of all events, 0 to 1; together at most 1.
  double share_broken = 0.005;     // go to quarantine; every twentieth is a whole message, not JSON
  double share_duplicated = 0.01;  // repeat one of the 50,000 before, some with other contents
  double share_unrouted = 0.002;   // JSON that no rule matches; none where some rule takes all
  // Shares of the events that are new and sound.
  double share_late = 0.02;       // event time up to 3 days before
  double share_reordered = 0.05;  // event time up to 5 minutes before its neighbours'
  double share_unusual = 0.01;    // loaded, but written in an unusual way
  size_t records_per_message = 50;
};

// Makes up the events of a tracking system for the tables of a TableSet, and knows what must become
// of them. The same tables and options give the same bytes on every machine. Call either
// NextMessage or NextEvent until it returns false. One thread at a time; `tables` outlives it.
class EventGenerator {
 public:
  // kPermanent where the options contradict themselves or no event can reach some table.
  static Result<std::unique_ptr<EventGenerator>> Make(const TableSet& tables,
                                                      GeneratorOptions options);

  // The next body: `{"Records": [{…}, {…}]}`, under 1 MiB, or something that is no JSON at all.
  bool NextMessage(std::string& body);

  // The next line of an NDJSON file, without its end.
  bool NextEvent(std::string& line);

  // Of what was handed out so far.
  const GeneratorTruth& truth() const { return truth_; }

 private:
  EventGenerator(GeneratorOptions options, std::vector<EventWriter> writers,
                 std::string unrouted_key);
  enum class Novelty { kNew, kRepeated };
  // Draws the next event, counts it and appends its text.
  EventDraft AppendNext(std::string& out);
  std::string NextBody();  // empty at the end
  EventDraft DrawNew(double kind);
  void MakeFaulty(EventDraft& draft);
  void MakeUnusual(EventDraft& draft);
  EventDraft DrawRepeated();
  int64_t DrawTime();
  void Remember(const EventDraft& draft);
  void Count(const EventDraft& draft, Novelty novelty);
  void AppendText(std::string& out, const EventDraft& draft) const;

  static constexpr size_t kRemembered = 50'000;
  static constexpr size_t kUnrouted = SIZE_MAX;  // as EventDraft::table

  const GeneratorOptions options_;
  const std::vector<EventWriter> writers_;
  const std::string unrouted_key_;  // empty: every object has a route
  Random random_;
  uint64_t drawn_ = 0;
  std::vector<EventDraft> remembered_;  // a ring
  size_t oldest_ = 0;                   // in the ring, once it is full
  std::string held_message_;            // not JSON, drawn while a body was under way
  GeneratorTruth truth_;
};

}  // namespace sluice
