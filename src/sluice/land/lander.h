// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/object/object_names.h"
#include "sluice/object/object_store.h"
#include "sluice/queue/queue.h"

namespace sluice {

enum class WhenEmpty {
  kClose,  // an empty answer ends the object: drain and stop
  kWait,   // an object that has begun is filled until its size or age: follow
};

enum class AfterCommit {
  kDelete,
  kKeep,      // delete nothing: the messages come again when their visibility timeout has passed
  kGiveBack,  // delete nothing: the messages can be had again at once, by others and by the next
              // LandOne
};

struct LanderOptions {
  RawLayout layout;
  StreamFormat format = StreamFormat::kZstd;
  WhenEmpty when_empty = WhenEmpty::kClose;
  AfterCommit after_commit = AfterCommit::kDelete;

  // An object is closed at whichever comes first. Its age counts from its first message and is
  // bounded by 11 hours, for SQS takes messages back after 12 whatever is extended (fault L12). Its
  // size is that of its lines before compression: known at every message, and what transform's work
  // depends on; the stored object is 5 to 10 times smaller. The number of messages stays below
  // the 120,000 that SQS lets be in flight (fault L14); a receipt and an id take about 600 bytes of
  // memory.
  std::chrono::seconds close_age{300};
  Bytes close_size = MiB(128);
  size_t close_messages = 100'000;

  // How long a message stays hidden when this process dies without a word. Extended when half has
  // passed, so above twice close_age it costs no call. Together with close_age at most 11 h 45 min
  // (fault L12). Half of it is what a commit may take: after a longer one messages may come again
  // and land twice, and load drops what is there twice (fault L10).
  std::chrono::seconds visibility_timeout{600};
  // How long one empty Receive takes; stopping takes as long, and up to two minutes while SQS does
  // not answer. At most 20 s and half of the visibility timeout; with kWait at least 100 ms. Every
  // Receive of SQS costs money.
  std::chrono::milliseconds receive_wait{2'000};
};

// What became of messages; several may be added up.
struct LandReport {
  uint64_t objects = 0;  // 0: the queue was empty
  RawKey key;            // of the last object
  uint64_t messages = 0;
  uint64_t events = 0;     // lines
  uint64_t enveloped = 0;  // of the events: kept as sluice_raw, see SplitMessage
  Bytes bytes_in;          // of message bodies
  Bytes bytes_landed;      // of lines
  Bytes bytes_out;         // as stored
  uint64_t deleted = 0;    // messages
  uint64_t delete_failures = 0;
  uint64_t lost = 0;             // records of a stream that were gone before they were landed
  bool queue_was_empty = false;  // the last Receive brought nothing

  LandReport& operator+=(const LandReport& other);
};

// Fills raw objects with the events of a queue's messages. Between calls it remembers only whether
// the last one failed; one thread at a time, and any number of landers may work on one queue and
// one store.
class Lander {
 public:
  // All three outlive the lander.
  Lander(Queue& source, ObjectStore& raw, Clock& clock, LanderOptions options);

  // Lands one object: receives until it is full or old enough, the queue is empty, `deadline` has
  // passed, `stop` is requested or the queue fails, as SQS does while 120,000 messages are in
  // flight (fault L14); commits what there is; then, and only then, deletes its messages (invariant
  // 1). Its key has the time of its first message, and so is in that hour's folder even if it grows
  // into the next (fault L21). Without any message: no object, objects = 0; after `stop` or
  // `deadline` nothing is received.
  //
  // An error means that nothing was deleted. The messages were made visible again, where the queue
  // could be reached; of a queue that gives up they stay hidden until their timeout has passed,
  // unless `stop` was requested. Among errors: kTransient when another worker got one of the
  // messages, before anything was committed (faults L10, L11). After kOutcomeUnknown the object may
  // be there: its events land again in another one, and load drops what is there twice. Asking the
  // store for the key would not help, for an object may be there and yet be neither durable nor
  // announced.
  Result<LandReport> LandOne(Deadline deadline, const std::stop_token& stop);

 private:
  Queue& source_;
  ObjectStore& raw_;
  Clock& clock_;
  const LanderOptions options_;
  bool store_takes_ = false;  // since the last failure
};

}  // namespace sluice
