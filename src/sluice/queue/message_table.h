// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/queue/queue.h"
#include "sluice/queue/sqlite_database.h"

namespace sluice {

// A receipt says which message, and ends in what no other delivery has: "17-01HV…".
struct MessageReceipt {
  int64_t number;
  std::string handle;

  static MessageReceipt Make(int64_t number, Timestamp now);
  // kPermanent where no queue file made it.
  static Result<MessageReceipt> Parse(const Receipt& receipt);
};

// The messages of one queue of a queue file. Everything that changes them runs inside a transaction
// of the caller. One thread at a time; lives no longer than its database.
class MessageTable {
 public:
  // A message that waits, without its body.
  struct Waiting {
    int64_t number;
    std::string id;
    Timestamp sent;
    int receive_count;
  };
  // What of a delivery is stored, besides its owner.
  struct Delivery {
    MessageReceipt receipt;
    Ticks received, hidden_until;
  };

  static Result<MessageTable> Open(SqliteDatabase& database, int64_t queue);

  Status Append(const std::string& id, Timestamp sent, std::string_view body);

  // Whether anything waits, or was received and has become visible again.
  Result<bool> HasVisible(Ticks now);
  Status ReleaseExpired(Ticks now);
  Result<std::vector<Waiting>> FirstWaiting(int limit);
  // Counts as one more receive; older receipts become stale.
  Status Deliver(const Delivery& delivery, int64_t owner);
  Result<std::string> Body(int64_t number);
  // To the end of `queue`, as if never delivered but for the count.
  Status MoveTo(int64_t queue, int64_t number);

  // Where the receipt is stale, nothing.
  Status Delete(const MessageReceipt& receipt);
  // When the newest delivery was received, where it has that receipt and is still hidden.
  Result<std::optional<Ticks>> ReceivedAt(const MessageReceipt& receipt, Ticks now);
  Status Hide(int64_t number, Ticks until);

  Result<QueueDepth> Depth(Ticks now, const std::vector<int64_t>& dead_owners);
  // In any state.
  static Result<uint64_t> Count(SqliteDatabase& database, int64_t queue);

 private:
  MessageTable(SqliteDatabase& database, int64_t queue) : database_(&database), queue_(queue) {}

  SqliteDatabase* database_;
  int64_t queue_;
  SqliteStatement append_, append_body_, has_visible_, release_expired_, first_waiting_, deliver_,
      body_, move_, delete_, delete_body_, received_at_, hide_, count_waiting_, in_flight_;
};

}  // namespace sluice
