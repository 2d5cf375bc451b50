// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "sluice/app/object_inbox.h"
#include "sluice/base/result.h"
#include "sluice/load/loader.h"
#include "sluice/transform/object_transformer.h"

namespace sluice {

enum class AfterLoad { kDeleteNotifications, kKeepNotifications };
enum class EmptyLedger { kRefuseOverRows, kAccept };

struct ProcessOptions {
  TransformOptions transform;
  LoaderOptions load;
  double warn_above = 1;  // log each object of which a larger share of events went to quarantine
  size_t workers = 1;     // raw objects that are transformed at the same time
  AfterLoad after_load = AfterLoad::kDeleteNotifications;
  // An empty ledger over tables that hold rows would load everything a second time (fault C16).
  EmptyLedger empty_ledger = EmptyLedger::kRefuseOverRows;
};

// What one or more batches did.
struct ProcessReport {
  InboxCounts inbox;
  uint64_t objects = 0;  // settled in any way
  uint64_t loaded = 0, loaded_before = 0, held = 0, set_aside = 0, vanished = 0, superseded = 0;
  uint64_t failed = 0;  // could not be read, written or replaced: their notifications come again
  std::optional<Error> failure;          // the first of these
  std::vector<std::string> failed_keys;  // the first kFewKeys of these
  uint64_t quarantined = 0;
  ConversionCounts converted;  // of the objects that were settled, held ones too
  uint64_t stored_bytes = 0, decompressed_bytes = 0;
  std::optional<std::string> paused;  // the reason
  bool idle = false;                  // the last batch found nothing to do

  static constexpr size_t kFewKeys = 3;

  uint64_t events() const { return converted.lines; }
  void AddFailure(const std::string& key, Error error);
  // The later batch's word counts for `paused` and `idle`, the first failure for `failure`.
  ProcessReport& operator+=(const ProcessReport& batch);
};

// Called after each object and each load with the report so far, which then also counts the events
// of objects that are not settled yet; for progress bars. From one thread at a time.
using ProcessProgress = std::function<void(const ProcessReport&)>;

// From announced objects to committed rows: receive → transform → load → delete, one batch a call;
// no loop over time, no sleep. Before it receives anything it asks whether the warehouse would take
// it, so that an outage costs no notification a delivery (fault N13). All references outlive it.
// One thread at a time.
class ProcessStage {
 public:
  struct Parts {
    const TableSet& tables;
    MakeInbox next_inbox;
    TransformStores stores;
    Warehouse& warehouse;
    Clock& clock;
  };
  static Result<std::unique_ptr<ProcessStage>> Make(Parts parts, ProcessOptions options,
                                                    ProcessProgress progress = {});

  // One batch. On an error whatever is committed stays committed and its notifications are gone;
  // the rest comes again. A stop request ends the batch before the next object or before the load,
  // and releases what is held.
  Result<ProcessReport> ProcessBatch(std::stop_token stop);

 private:
  ProcessStage(Parts parts, ProcessOptions options, ProcessProgress progress);
  Result<bool> MayLoad(ProcessReport& report);
  Status RequireLedger(const WarehouseState& state);
  // What `batch` says, or that nothing could be deleted.
  Status EndSettled(ObjectInbox& inbox, Status batch) const;
  // Everything between receiving and deleting.
  Status ProcessInbox(ObjectInbox& inbox, const std::stop_token& stop, ProcessReport& report);
  Status SkipWhatIsLoaded(ObjectInbox& inbox, std::vector<AnnouncedObject>& todo,
                          ProcessReport& report);
  void WarnOfQuarantine(const PlannedObject& object) const;
  Status KeepWhatIsLoaded(std::vector<Settlement>& settlements, ProcessReport& report);
  Status LoadAndSettle(ObjectInbox& inbox, std::vector<TransformedObject>& transformed,
                       ProcessReport& report);
  // Results in the order of `todo`, without those that failed or were not begun.
  std::vector<TransformedObject> TransformAll(ObjectInbox& inbox,
                                              const std::vector<AnnouncedObject>& todo,
                                              std::stop_token stop, ProcessReport& report);

  const Parts parts_;
  const ProcessOptions options_;
  const ProcessProgress progress_;
  Loader loader_;
  bool is_prepared_ = false;
  bool tables_fit_ = false;  // since the last failure
  std::vector<std::unique_ptr<ObjectTransformer>> workers_;
};

}  // namespace sluice
