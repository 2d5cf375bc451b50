// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/queue_limits.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kLongestWait{20};

}  // namespace

Status CheckCount(size_t entries) {
  if (entries >= 1 && entries <= Queue::kMaxBatch) return {};
  return Fail(ErrorKind::kPermanent, "a call takes 1 to {} entries: entries={}", Queue::kMaxBatch,
              entries);
}

Status CheckVisibility(seconds timeout) {
  if (timeout >= seconds(0) && timeout <= kLongestHidden) return {};
  return Fail(ErrorKind::kPermanent, "a visibility timeout is 0 to {} s: seconds={}",
              kLongestHidden.count(), timeout.count());
}

Status CheckReceive(const ReceiveOptions& options) {
  if (options.max_messages < 1 || options.max_messages > Queue::kMaxBatch) {
    return Fail(ErrorKind::kPermanent, "a receive takes 1 to {} messages: messages={}",
                Queue::kMaxBatch, options.max_messages);
  }
  if (options.wait < milliseconds(0) || options.wait > kLongestWait) {
    return Fail(ErrorKind::kPermanent, "a receive waits 0 to {} s: milliseconds={}",
                kLongestWait.count(), options.wait.count());
  }
  return CheckVisibility(options.visibility_timeout);
}

Status CheckBody(const std::string& body) {
  if (body.size() <= Queue::kMaxMessageBytes) return {};
  return Fail(ErrorKind::kPermanent, "a message may have {} bytes: bytes={}",
              Queue::kMaxMessageBytes, body.size());
}

}  // namespace sluice
