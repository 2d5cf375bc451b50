// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/hash.h"
#include "sluice/base/result.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/land/lander.h"
#include "sluice/land/shard_entry.h"
#include "sluice/object/object_store.h"
#include "sluice/queue/stream.h"

namespace sluice {

// Makes the raw object of a range of records. Calls must match: Append+ Finish Commit. Destroyed
// before Commit it leaves nothing. Memory is bounded by one record. One thread at a time.
class RangeWriter {
 public:
  // `raw` outlives the writer.
  static Result<std::unique_ptr<RangeWriter>> Begin(ObjectStore& raw, RawKey key,
                                                    StreamFormat format, std::string shard);

  // The lines of a record, as SplitMessage makes them of each message in it: a record that KPL
  // packed holds many. A message's id is SHARD:NUMBER, or SHARD:NUMBER:INDEX inside such a record.
  Status Append(const StreamRecord& record);
  // Then the range has its lines' hash.
  Status Finish();
  // Where the object is there already it is left as it is, and that is success: with the same
  // bytes, with other bytes of the same lines, as another version's compression makes them, and
  // with the lines whose hash is `begun`, as another version splits messages. kConflict: it has
  // other lines, and is not ours.
  Status Commit(const std::string& begun);

  // What was appended.
  const ShardRange& range() const { return range_; }
  // Of this object; whole after Commit.
  const LandReport& report() const { return report_; }

 private:
  RangeWriter(ObjectStore& raw, std::string shard) : raw_(raw), shard_(std::move(shard)) {}
  Status AppendMessage(std::string_view id, std::string_view body);
  Result<PendingObject::Committed> CommitStored(const std::string& begun);

  ObjectStore& raw_;
  const std::string shard_;
  std::unique_ptr<PendingObject> object_;
  std::unique_ptr<CompressingSink> sink_;  // into object_
  Sha256 lines_hash_;
  std::string lines_;  // of one message
  ShardRange range_;
  LandReport report_;
};

// Commits what the object `key` holds once more, so that a store which announces what is committed
// does so: whoever made it may have died before. kNotFound where it is not there.
Result<PendingObject::Committed> CommitAgain(ObjectStore& raw, const RawKey& key);

}  // namespace sluice
