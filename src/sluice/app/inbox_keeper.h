// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <thread>

#include "sluice/app/object_inbox.h"

namespace sluice {

// Keeps what an inbox holds hidden from others while it lives, however long that is; but SQS hides
// nothing for longer than twelve hours after it was received. It has a thread of its own, and
// nobody else uses the inbox meanwhile. `inbox` outlives it.
class InboxKeeper {
 public:
  explicit InboxKeeper(ObjectInbox& inbox);

 private:
  std::jthread thread_;
};

}  // namespace sluice
