// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/range_writer.h"

#include <vector>

#include "sluice/event/kpl_record.h"
#include "sluice/land/message_splitter.h"

namespace sluice {
namespace {

constexpr size_t kPiece = 64 << 10;

// Hands `source` on in pieces.
template <typename Take>
Status Drain(ByteSource& source, Take&& take) {
  std::vector<char> buffer(kPiece);
  for (;;) {
    SLUICE_ASSIGN(const size_t n, source.Read(buffer));
    if (n == 0) return {};
    SLUICE_TRY(take(std::string_view(buffer.data(), n)));
  }
}

Result<std::string> LinesHashOf(ObjectStore& raw, const RawKey& key) {
  SLUICE_ASSIGN(const auto reader, raw.Open(key.text));
  const auto lines = DecompressingSource(*reader);
  Sha256 hash;
  SLUICE_TRY(Drain(*lines, [&](std::string_view piece) -> Status {
    hash.Update(piece);
    return {};
  }));
  return ToHex(hash.Finish());
}

}  // namespace

Result<PendingObject::Committed> CommitAgain(ObjectStore& raw, const RawKey& key) {
  SLUICE_ASSIGN(const auto reader, raw.Open(key.text));
  SLUICE_ASSIGN(const auto pending, raw.Create(key.text));
  SLUICE_TRY(Drain(*reader, [&](std::string_view piece) { return pending->Write(piece); }));
  return pending->Commit();
}

Result<std::unique_ptr<RangeWriter>> RangeWriter::Begin(ObjectStore& raw, RawKey key,
                                                        StreamFormat format, std::string shard) {
  std::unique_ptr<RangeWriter> writer(new RangeWriter(raw, std::move(shard)));
  SLUICE_ASSIGN(writer->object_, raw.Create(key.text));
  writer->sink_ = MakeCompressingSink(format, *writer->object_);
  writer->report_.key = key;
  writer->range_.key = std::move(key);
  writer->range_.format = format;
  return writer;
}

Status RangeWriter::AppendMessage(std::string_view id, std::string_view body) {
  lines_.clear();
  const SplitCounts counts = SplitMessage(id, body, lines_);
  lines_hash_.Update(lines_);
  SLUICE_TRY(sink_->Write(lines_));
  report_.messages += 1;
  report_.events += counts.lines;
  report_.enveloped += counts.enveloped;
  report_.bytes_in += {body.size()};
  report_.bytes_landed += {lines_.size()};
  return {};
}

Status RangeWriter::Append(const StreamRecord& record) {
  const std::string id = fmt::format("{}:{}", shard_, record.number.digits);
  if (range_.records == 0) range_.first = record.number;
  range_.last = record.number;
  range_.records += 1;
  const auto users = UserRecordsOf(record.data);
  if (!users) return AppendMessage(id, record.data);
  for (size_t i = 0; i < users->size(); ++i) {
    SLUICE_TRY(AppendMessage(fmt::format("{}:{}", id, i), (*users)[i]));
  }
  return {};
}

Status RangeWriter::Finish() {
  range_.lines = ToHex(lines_hash_.Finish());
  return sink_->Finish();
}

Status RangeWriter::Commit(const std::string& begun) {
  Result<PendingObject::Committed> committed = object_->Commit();
  if (!committed && committed.error().kind() == ErrorKind::kConflict) {
    committed = CommitStored(begun);
  }
  SLUICE_TRY(committed);
  report_.objects = 1;
  report_.bytes_out = committed->info.size;
  return {};
}

Result<PendingObject::Committed> RangeWriter::CommitStored(const std::string& begun) {
  const Result<std::string> stored = LinesHashOf(raw_, range_.key);
  const bool is_ours = stored && (*stored == range_.lines || *stored == begun);
  if (is_ours) return CommitAgain(raw_, range_.key);
  // What cannot be decompressed is not ours either.
  if (!stored && stored.error().kind() != ErrorKind::kBadData) {
    return std::unexpected(stored.error());
  }
  return Fail(ErrorKind::kConflict,
              "cannot land records of a stream: another object stands under their key; see what it "
              "is, move it away, and run again: key={}{} shard={} first={} last={}",
              raw_.uri(), range_.key.text, shard_, range_.first.digits, range_.last.digits);
}

}  // namespace sluice
