// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/message_sampler.h"

#include <algorithm>
#include <set>
#include <string>

#include "sluice/land/held_messages.h"
#include "sluice/land/message_splitter.h"

namespace sluice {

Result<SampleReport> SampleMessages(Queue& source, ByteSink& out, Clock& clock,
                                    const SampleOptions& options, Deadline deadline,
                                    const std::stop_token& stop) {
  SampleReport report;
  HeldMessages held(source, clock, options.visibility_timeout);  // gives back what it holds
  std::set<std::string> seen;                                    // ids
  std::string lines;                                             // of one message
  while (report.messages < options.messages && !deadline.HasPassed(clock) &&
         !stop.stop_requested()) {
    SLUICE_TRY(held.Renew());
    const Ticks asked = clock.Monotonic();
    const size_t wanted = std::min<size_t>(options.messages - report.messages, Queue::kMaxBatch);
    SLUICE_ASSIGN(const auto messages,
                  source.Receive({.max_messages = static_cast<int>(wanted),
                                  .wait = options.wait,
                                  .visibility_timeout = options.visibility_timeout}));
    held.Add(messages, asked);
    const size_t before = seen.size();
    for (const Message& message : messages) {
      report.most_receives = std::max(report.most_receives, message.receive_count);
      if (!seen.insert(message.id).second) continue;
      lines.clear();
      report.messages += 1;
      report.events += SplitMessage(message.id, message.body, lines).lines;
      report.bytes += {lines.size()};
      SLUICE_TRY(out.Write(lines));
    }
    if (seen.size() == before) break;
  }
  return report;
}

}  // namespace sluice
