// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/event_replayer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sluice/base/hash.h"
#include "sluice/codec/parallel_decompressor.h"
#include "sluice/transform/planned_table.h"
#include "sluice/transform/revision.h"
#include "sluice/transform/selected_lines.h"

namespace sluice {
namespace {

// What is written while nothing is to be.
class NoObject : public PendingObject {
 public:
  Status Write(std::string_view) override { return {}; }
  Result<Committed> Commit() override { return Committed(); }
};

class PartOutputs : public ConversionOutputs {
 public:
  PartOutputs(ObjectStore* parquet, std::vector<std::string> keys)
      : parquet_(parquet), keys_(std::move(keys)) {}

  const std::string& key(size_t table) const { return keys_[table]; }
  Result<std::unique_ptr<PendingObject>> OpenTable(size_t table) override {
    if (parquet_ == nullptr) return std::make_unique<NoObject>();
    return parquet_->Create(keys_[table]);
  }
  Result<std::unique_ptr<PendingObject>> OpenQuarantine() override {
    return Fail(ErrorKind::kPermanent, "a replay makes no quarantine object");
  }

 private:
  ObjectStore* const parquet_;
  const std::vector<std::string> keys_;
};

// The raw object's ETag, and what tells one attempt at its events from another.
ObjectIdentity PartIdentity(ObjectIdentity identity, std::span<const QuarantinedLine> events,
                            std::string_view revision) {
  Sha256 hash;
  hash.Update(revision);
  for (const QuarantinedLine& event : events) {
    hash.Update(fmt::format("\n{} {} {} {}", event.line, event.table, event.reason, event.column));
  }
  identity.etag += "+replay-" + ToHex(hash.Finish()).substr(0, 32);
  return identity;
}

ReplayedEvent EventOf(const QuarantinedLine& was, const RecordFault* fault,
                      const TableSet& tables) {
  ReplayedEvent event{.line = was.line, .was_table = was.table};
  event.passes = fault == nullptr;
  event.changes = event.passes;
  if (fault == nullptr) return event;
  const Table* table = fault->table ? &tables.tables[*fault->table] : nullptr;
  event.table = table ? table->name() : "*";
  event.reason = Name(fault->reason);
  if (table && fault->column) event.column = table->schema.columns[*fault->column].name;
  event.changes =
      event.table != was.table || event.reason != was.reason || event.column != was.column;
  return event;
}

}  // namespace

EventReplayer::EventReplayer(const TableSet& tables, ReplayOptions options, ObjectStore& raw,
                             ObjectStore* parquet, std::unique_ptr<StreamConverter> converter)
    : tables_(tables),
      options_(std::move(options)),
      raw_(raw),
      parquet_(parquet),
      revision_(RevisionOf(tables, options_.parquet)),
      converter_(std::move(converter)) {}

Result<std::unique_ptr<EventReplayer>> EventReplayer::Make(const TableSet& tables,
                                                           ReplayOptions options, ObjectStore& raw,
                                                           ObjectStore* parquet) {
  SLUICE_ASSIGN(auto converter, StreamConverter::Make(tables));
  return std::unique_ptr<EventReplayer>(
      new EventReplayer(tables, std::move(options), raw, parquet, std::move(converter)));
}

Result<ReplayedObject> EventReplayer::Replay(std::span<const QuarantinedLine> events,
                                             size_t threads) {
  const QuarantinedLine& first = events.front();
  const auto obstacle = [](std::string why) {
    return ReplayedObject{.events = {}, .part = {}, .obstacle = std::move(why)};
  };
  if (first.store != raw_.uri()) return obstacle("its raw object is in another store");
  const RawKey key{first.raw_key};
  const auto hour = options_.layout.HourOf(key);
  if (!hour) return obstacle(hour.error().message());
  auto opened = raw_.Open(key.text);
  if (!opened && opened.error().kind() == ErrorKind::kNotFound) {
    return obstacle("its raw object is gone");
  }
  if (!opened) return std::unexpected(opened.error());
  const ObjectIdentity identity{raw_.uri(), key, (*opened)->info().etag};
  if (identity.Id() != first.object) {
    return obstacle("its raw object was written over, and is to be replaced first");
  }

  const ObjectIdentity part_identity = PartIdentity(identity, events, revision_);
  std::vector<std::string> keys;
  for (const Table& table : tables_.tables) {
    keys.push_back(ParquetKeyFor(part_identity, *hour, table.name(), revision_).text);
  }
  PartOutputs outputs(parquet_, std::move(keys));
  std::vector<uint64_t> wanted;
  for (const QuarantinedLine& event : events) wanted.push_back(event.line);
  const auto text = MakeParallelDecompressor(**opened, {});
  SelectedLines lines(*text, wanted);
  ConversionOptions options{
      .parquet = options_.parquet, .chunks = options_.chunks, .threads = threads, .metadata = {}};
  options.parquet.object_id = part_identity.Id();
  // gc knows by it that the raw object is settled.
  options.metadata = {{"sluice.object", identity.ToText()}, {"sluice.revision", revision_}};
  std::map<uint64_t, RecordFault> faults;
  options.on_faults = [&](std::span<const RecordFault> more) {
    for (const RecordFault& fault : more) {
      faults[fault.line] = fault;
      faults[fault.line].bytes = {};  // gone with the chunk
    }
  };
  const auto converted = converter_->Convert(lines, options, outputs);
  if (!converted && converted.error().kind() == ErrorKind::kBadData) {
    return obstacle(converted.error().message());
  }
  if (!converted) return std::unexpected(converted.error());
  const ConversionCounts& counts = converted->counts;
  if (counts.lines != events.size()) {
    return obstacle(fmt::format("its raw object has not the lines that the ledger says: {} of {}",
                                counts.lines, events.size()));
  }

  ReplayedObject result;
  for (const QuarantinedLine& event : events) {
    const auto fault = faults.find(event.line);
    result.events.push_back(
        EventOf(event, fault == faults.end() ? nullptr : &fault->second, tables_));
  }
  if (std::ranges::none_of(result.events, &ReplayedEvent::changes)) return result;
  PlannedObject part{.object = part_identity.Id(),
                     .identity = part_identity.ToText(),
                     .store = first.store,
                     .raw_key = first.raw_key,
                     .content = first.content,
                     .version = first.version,
                     .revision = revision_,
                     .lines = counts.lines,
                     .no_route = counts.no_route,
                     .dropped = counts.dropped,
                     .quarantined = faults.size()};
  for (size_t i = 0; i < tables_.tables.size(); ++i) {
    part.tables.push_back(
        PlanTable(i, tables_.tables[i], counts.tables[i], converted->files[i], outputs.key(i)));
  }
  part.replay = PlannedReplay{.of = first.object, .events = result.events};
  result.part = std::move(part);
  return result;
}

}  // namespace sluice
