// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

struct LoaderOptions {
  // Objects that may be set aside with none loaded in between, by whatever process and run: the
  // ledger counts them. One more is a fault of the system, not of data.
  uint64_t most_set_aside = 3;
  int commit_attempts =
      3;  // of one batch whose outcome was unknown and turned out to be "not loaded"
  // The objects take the place of whatever is loaded of their keys. One that is refused leaves the
  // old rows where they are, and is not set aside for it.
  bool replaces = false;
  // The objects are parts that a replay makes. One that is refused leaves its events in quarantine.
  bool replays = false;

  // What cannot be loaded stays as it is.
  bool sets_aside() const { return !replaces && !replays; }
};

// Brings transformed objects into the warehouse. A load that fails for its data is halved until the
// objects at fault stand alone; these are set aside, by a ledger row, and the others are loaded.
// Every other failure stops at once with nothing deleted. So does a batch of which no object loads,
// all with one fault, once each was tried (2n - 1 loads): that is not one object's, unless it was
// to be replaced: then the old Parquet of each may have it. An outcome that is not known is looked
// up in the ledger, never guessed (invariant 7). One thread at a time. `warehouse` and `clock`
// outlive it.
class Loader {
 public:
  Loader(Warehouse& warehouse, Clock& clock, LoaderOptions options = {})
      : warehouse_(warehouse), clock_(clock), options_(options) {}

  // One entry for each object, in order, with a state that the ledger holds durably. Without one,
  // and with a reason: more than most_set_aside of a load were refused, and this one comes again,
  // or it was to replace or to replay. Without either: its events left quarantine meanwhile.
  // Objects that were loaded by somebody else meanwhile are loaded. On an error some of them may be
  // loaded; the ledger knows which.
  Result<std::vector<ObjectOutcome>> Load(std::span<const PlannedObject> objects);

  // Ledger rows for objects that load nothing.
  Status Settle(std::span<const Settlement> settlements);

 private:
  struct Fault {  // of an object that failed alone
    size_t index;
    Error error;
  };
  // Loads objects [begin, end) of `objects_`; what the data made impossible is appended to
  // `faults_`.
  Status LoadRange(size_t begin, size_t end);
  Status LoadBatch(size_t begin, size_t end);
  // Fails where what failed is the warehouse's fault rather than the objects'.
  Status CheckFaults();
  // Of a load that others made, no more than this many are set aside.
  void LeaveForLater(size_t most);
  Status SetFaultsAside();

  Warehouse& warehouse_;
  Clock& clock_;
  const LoaderOptions options_;
  std::span<const PlannedObject> objects_;  // of the call under way
  std::vector<ObjectOutcome> outcomes_;
  std::vector<Fault> faults_;
};

}  // namespace sluice
