// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/codec/block_codec.h"
#include "sluice/object/noted_store.h"
#include "sluice/warehouse/data_api_client.h"
#include "sluice/warehouse/ledger_sql.h"
#include "sluice/warehouse/server_session.h"

namespace sluice {

// The warehouse that is probed, and what its loads are given. What is referred to outlives it.
struct ProbeTarget {
  std::unique_ptr<ServerConnector> connector;
  std::unique_ptr<DataApiClient> data_api;  // null where statements go by wire
  LedgerNames names;                        // of the pipeline
  const TableSet& tables;                   // of the pipeline
  NotedStore& parquet;                      // the connector's too
  std::vector<std::string> copy_role;
  Codec compression;  // of the pipeline's Parquet files
  Clock& clock;
};

enum class ProbeVerdict {
  kAsExpected,
  kHarmless,     // different, and loads are right all the same
  kDoNotLoad,    // different, and sluice's correctness rests on it
  kNotFoundOut,  // no answer, or no time
  kLeftOut,      // no question to this kind of warehouse
};
// "as expected", "different: harmless", "different: do not load", "not found out", "left out".
std::string_view Name(ProbeVerdict verdict);

struct ProbeAnswer {
  std::string name, question;
  std::vector<std::string> statements;  // that were sent, of every session
  std::string expected, found;
  ProbeVerdict verdict = ProbeVerdict::kAsExpected;
  std::string because;  // why the verdict; empty where nothing is to be said
};

struct ProbeReport {
  std::vector<ProbeAnswer> answers;      // one for every question, in order
  std::vector<std::string> left_behind;  // what could not be removed, and why
};

// Asks a live warehouse what no stand-in can answer (docs/first-cluster.md): whether what sluice's
// correctness rests on holds there. It works in tables of its own, with a unique name in the
// pipeline's schema, and in temporary ones; it never reads or writes the ledger or a table of the
// pipeline's. Calls must match: Open makes Run?. One thread calls; Run has two threads at times.
class Probe {
 public:
  // Looks at what is there; makes nothing.
  static Result<std::unique_ptr<Probe>> Open(ProbeTarget target);
  ~Probe();
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  // What Run is going to make and to remove again, one sentence each.
  std::vector<std::string> makes() const;
  size_t questions() const;
  // Makes it, asks, and removes it, whatever happens in between. `begins` is told each question's
  // place and name. After ten minutes, and at a stop request, it begins nothing more: the rest is
  // not found out. An error: nothing could be asked; the message says what was left behind.
  Result<ProbeReport> Run(const std::stop_token& stop,
                          const std::function<void(size_t, std::string_view)>& begins);

 private:
  class Impl;
  explicit Probe(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
