// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "sluice/base/bytes.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/land/lander.h"
#include "sluice/object/object_names.h"
#include "sluice/queue/stream.h"

namespace sluice {

struct StreamLanderOptions {
  // Whose progress this is; 1–63 of a–z A–Z 0–9 _ -. Two that read the same stream under different
  // names land it twice.
  std::string consumer;
  // Where the first worker begins that ever reads the stream for this consumer: kTrimHorizon,
  // kLatest (a minute before its first visit, by its clock) or kAtTimestamp. It is kept beside the
  // progress; later values have no effect.
  StreamPosition from;

  RawLayout layout;
  StreamFormat format = StreamFormat::kZstd;
  // kClose: every shard is read to its tip once, in the lander's life. kWait: for ever.
  WhenEmpty when_empty = WhenEmpty::kClose;

  // How long a shard is left alone that had nothing more, for what comes waits in the stream; and
  // how long one object is read for, from its first record. A shorter one gives fresher and smaller
  // objects.
  std::chrono::seconds close_age{300};
  // An object is closed behind the record with which it reaches one of these. The size is of lines
  // before compression. What a read brought behind that record is read again for the next object: a
  // read is of up to 10,000 records and 10 MB.
  Bytes close_size = MiB(128);
  size_t close_records = 1'000'000;

  // kWait: how long LandOne waits where there is nothing to do; stopping takes as long.
  std::chrono::milliseconds receive_wait{2'000};
};

}  // namespace sluice
