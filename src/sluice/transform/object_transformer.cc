// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/object_transformer.h"

#include "sluice/base/hash.h"
#include "sluice/transform/planned_table.h"
#include "sluice/transform/quarantine_writer.h"
#include "sluice/transform/revision.h"

namespace sluice {
namespace {

// Hashes what passes through, so that the content hash costs no second read.
class HashingSource : public ByteSource {
 public:
  explicit HashingSource(ByteSource& source) : source_(source) {}

  Result<size_t> Read(std::span<char> buffer) override {
    SLUICE_ASSIGN(const size_t n, source_.Read(buffer));
    hash_.Update({buffer.data(), n});
    return n;
  }
  // Reads on to the end: damage may have stopped the conversion before it.
  Result<std::string> Finish() {
    std::array<char, 1 << 16> buffer;
    for (;;) {
      SLUICE_ASSIGN(const size_t n, Read(buffer));
      if (n == 0) return ToHex(hash_.Finish());
    }
  }

 private:
  ByteSource& source_;
  Sha256 hash_;
};

class DerivedObjects : public ConversionOutputs {
 public:
  DerivedObjects(const TableSet& tables, const TransformStores& stores,
                 const ObjectIdentity& identity, Timestamp hour, std::string_view revision)
      : tables_(tables), stores_(stores), identity_(identity), hour_(hour), revision_(revision) {}

  std::string TableKey(size_t table) const {
    return ParquetKeyFor(identity_, hour_, tables_.tables[table].name(), revision_).text;
  }
  std::string QuarantineKeyText() const {
    return QuarantineKeyFor(identity_, hour_, revision_).text;
  }

  Result<std::unique_ptr<PendingObject>> OpenTable(size_t table) override {
    return stores_.parquet.Create(TableKey(table));
  }
  Result<std::unique_ptr<PendingObject>> OpenQuarantine() override {
    return stores_.quarantine.Create(QuarantineKeyText());
  }

 private:
  const TableSet& tables_;
  const TransformStores& stores_;
  const ObjectIdentity& identity_;
  const Timestamp hour_;
  const std::string_view revision_;
};

}  // namespace

ObjectTransformer::ObjectTransformer(const TableSet& tables, TransformOptions options,
                                     TransformStores stores,
                                     std::unique_ptr<StreamConverter> converter)
    : tables_(tables),
      options_(std::move(options)),
      stores_(stores),
      revision_(RevisionOf(tables, options_.parquet)),
      converter_(std::move(converter)) {}

Result<std::unique_ptr<ObjectTransformer>> ObjectTransformer::Make(const TableSet& tables,
                                                                   TransformOptions options,
                                                                   TransformStores stores) {
  SLUICE_ASSIGN(auto converter, StreamConverter::Make(tables));
  return std::unique_ptr<ObjectTransformer>(
      new ObjectTransformer(tables, std::move(options), stores, std::move(converter)));
}

bool IsHeld(uint64_t quarantined, uint64_t lines, const TransformOptions& options) {
  const double limit = options.hold_above * static_cast<double>(lines);
  return quarantined >= options.hold_at_least && static_cast<double>(quarantined) > limit;
}

Result<TransformedObject> ObjectTransformer::Transform(const RawKey& key,
                                                       std::string_view announced_etag,
                                                       size_t threads) {
  SLUICE_ASSIGN(const Timestamp hour, options_.layout.HourOf(key));
  ObjectIdentity identity{.store_uri = stores_.raw.uri(), .key = key};
  PlannedObject object{.store = identity.store_uri, .raw_key = key.text, .revision = revision_};

  auto opened = stores_.raw.Open(key.text);
  if (!opened && opened.error().kind() == ErrorKind::kNotFound) {
    identity.etag = announced_etag;
    object.object = identity.Id();
    object.identity = identity.ToText();
    return TransformedObject{.fate = Settlement{ObjectState::kVanished, std::move(object),
                                                "the raw object was gone when it was to be read"}};
  }
  if (!opened) return std::unexpected(opened.error());
  ObjectReader& reader = **opened;
  identity.etag = reader.info().etag;
  object.object = identity.Id();
  object.identity = identity.ToText();
  // Only a store that orders versions itself is believed: anybody can set a file's time.
  if (!identity.store_uri.starts_with("file://")) {
    object.version = reader.info().last_modified.time_since_epoch().count();
  }

  HashingSource stored(reader);
  DerivedObjects outputs(tables_, stores_, identity, hour, revision_);
  ConversionOptions options{
      .parquet = options_.parquet, .chunks = options_.chunks, .threads = threads};
  options.parquet.object_id = object.object;
  options.metadata = {{"sluice.object", object.identity}, {"sluice.revision", revision_}};
  const auto converted = converter_->Convert(stored, options, outputs);
  if (!converted && converted.error().kind() != ErrorKind::kBadData)
    return std::unexpected(converted.error());
  SLUICE_ASSIGN(object.content, stored.Finish());
  if (!converted)
    return SetAside(std::move(object), hour, identity, reader.info().size, converted.error());

  const ConversionCounts& counts = converted->counts;
  object.lines = counts.lines;
  object.no_route = counts.no_route;
  object.dropped = counts.dropped;
  object.quarantined = converted->quarantined;
  if (object.quarantined > 0) object.quarantine = outputs.QuarantineKeyText();
  for (size_t i = 0; i < tables_.tables.size(); ++i) {
    object.tables.push_back(PlanTable(i, tables_.tables[i], counts.tables[i], converted->files[i],
                                      outputs.TableKey(i)));
  }
  // A person has accepted what was announced, and nothing that was written over it since.
  const bool is_accepted = !options_.accepted.empty() && identity.etag == announced_etag;
  if (is_accepted) object.reason = options_.accepted;
  TransformedObject result{.fate = object,
                           .counts = counts,
                           .stored_bytes = reader.info().size.count,
                           .decompressed_bytes = converted->bytes};
  if (!is_accepted && IsHeld(object.quarantined, object.lines, options_)) {
    std::string reason =
        fmt::format("{} of {} events went to quarantine, more than hold_above allows",
                    object.quarantined, object.lines);
    result.fate = Settlement{ObjectState::kHeld, std::move(object), std::move(reason)};
  }
  return result;
}

Result<TransformedObject> ObjectTransformer::SetAside(PlannedObject object, Timestamp hour,
                                                      const ObjectIdentity& identity, Bytes size,
                                                      const Error& damage) {
  object.quarantine = QuarantineKeyFor(identity, hour, revision_).text;
  object.quarantined = 1;
  SLUICE_ASSIGN(const auto pending, stores_.quarantine.Create(object.quarantine));
  QuarantineWriter writer(tables_, object.object, options_.parquet, *pending);
  const RecordFault whole{.reason = FaultReason::kCorruptObject, .byte_length = size.count};
  SLUICE_TRY(writer.Append({&whole, 1}));
  SLUICE_TRY(writer.Finish({{"sluice.object", object.identity}, {"sluice.revision", revision_}}));
  SLUICE_TRY(pending->Commit());
  return TransformedObject{
      .fate = Settlement{ObjectState::kSetAside, std::move(object), damage.message()},
      .stored_bytes = size.count};
}

}  // namespace sluice
