// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "sluice/base/result.h"
#include "sluice/object/object_names.h"
#include "sluice/object/object_store.h"
#include "sluice/transform/stream_converter.h"
#include "sluice/warehouse/load_plan.h"

namespace sluice {

struct TransformOptions {
  ParquetWriterOptions parquet;
  LineChunkerOptions chunks;
  RawLayout layout;
  // An object loads nothing and waits for a person when more than this share of its events, and not
  // only a handful, would go to quarantine: then the producer or the tables changed, and loading
  // the rest would hide it.
  double hold_above = 0.2;
  uint64_t hold_at_least = 10;  // quarantined events; with fewer an object is never held
  // Not empty: a person has looked, and no object is held; why, for the ledger.
  std::string accepted = {};
};

// Whether an object is held for those of its events that would go to quarantine.
bool IsHeld(uint64_t quarantined, uint64_t lines, const TransformOptions& options);

// The stores that transform works between; all outlive the transformer.
struct TransformStores {
  ObjectStore& raw;
  ObjectStore& parquet;
  ObjectStore& quarantine;
};

// What became of a raw object: a part of a load, or something to be settled without one.
struct TransformedObject {
  std::variant<PlannedObject, Settlement> fate;
  ConversionCounts counts;
  uint64_t stored_bytes = 0;  // of the raw object
  uint64_t decompressed_bytes = 0;

  const PlannedObject& object() const {
    const auto* settlement = std::get_if<Settlement>(&fate);
    return settlement ? settlement->object : std::get<PlannedObject>(fate);
  }
};

// Turns one raw object into Parquet objects and a quarantine object, durable when it returns, with
// keys and bytes that are functions of its identity, the tables and the revision (invariant 2):
// doing it again changes nothing. A damaged object is set aside, one with too many bad events held,
// one that is gone vanished; none of them is an error. One thread at a time; make one for each
// worker.
class ObjectTransformer {
 public:
  static Result<std::unique_ptr<ObjectTransformer>> Make(const TableSet& tables,
                                                         TransformOptions options,
                                                         TransformStores stores);

  // `key` matches the layout; `announced_etag` (may be empty) only names an object that is gone.
  // kConflict: a derived key holds other content, which means that writer or tables changed without
  // a new revision.
  // `threads` work on it, at most.
  Result<TransformedObject> Transform(const RawKey& key, std::string_view announced_etag,
                                      size_t threads = 1);

 private:
  ObjectTransformer(const TableSet& tables, TransformOptions options, TransformStores stores,
                    std::unique_ptr<StreamConverter> converter);
  Result<TransformedObject> SetAside(PlannedObject object, Timestamp hour,
                                     const ObjectIdentity& identity, Bytes size,
                                     const Error& damage);

  const TableSet& tables_;
  const TransformOptions options_;
  const TransformStores stores_;
  const std::string revision_;
  std::unique_ptr<StreamConverter> converter_;
};

}  // namespace sluice
