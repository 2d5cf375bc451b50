// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sluice/cli/session.h"
#include "sluice/cli/terminal.h"
#include "sluice/operate/on_key.h"

namespace sluice {

// A walk through many keys as a person sees it: a line on a terminal while it lasts, and nothing
// anywhere else; and a stop request ends it.
class WalkProgress {
 public:
  WalkProgress(Session& session, std::string_view verb)
      : stop_(session.stop()),
        line_(session.clock(), verb, "keys", 0, session.progress_mode(),
              Progress::Elsewhere::kNothing) {}

  // This outlives it.
  OnKey on_key() {
    return [this](uint64_t keys) -> Status {
      if (stop_.stop_requested()) {
        return Fail(ErrorKind::kTransient, "stopped before its end; it can be begun again");
      }
      line_.Update(keys);
      return {};
    };
  }

  void Clear() { line_.Clear(); }

 private:
  const std::stop_token stop_;
  Progress line_;
};

}  // namespace sluice
