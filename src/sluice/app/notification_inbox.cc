// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/notification_inbox.h"

#include <algorithm>
#include <tuple>

#include "sluice/base/add_fields.h"
#include "sluice/base/log.h"
#include "sluice/config/location.h"

namespace sluice {
namespace {

// Bucket and prefix of a store's URI; for a directory its path is the bucket.
struct Place {
  std::string bucket;
  std::string prefix;
};

Place PlaceOf(std::string_view uri) {
  if (uri.starts_with("file://")) {
    uri.remove_prefix(7);
    if (uri.size() > 1 && uri.ends_with('/')) uri.remove_suffix(1);
    return {std::string(uri), {}};
  }
  const S3Place place = S3PlaceOf(uri);
  return {std::string(place.bucket), std::string(place.prefix)};
}

constexpr Bytes kMostDeadLetters = MiB(16);  // in memory at a time
// Few, for each may announce an object that fills the batch, and what is received in vain was
// delivered once more.
constexpr int kMessagesAtATime = 10;

// Calls `operation` with as many receipts at a time as a queue takes, with all of them; the first
// failure.
template <typename Operation>
Status InBatches(const std::vector<Receipt>& receipts, Operation&& operation) {
  Status all;
  for (size_t begin = 0; begin < receipts.size(); begin += Queue::kMaxBatch) {
    const size_t n = std::min<size_t>(Queue::kMaxBatch, receipts.size() - begin);
    Status done = operation(std::span(receipts).subspan(begin, n));
    if (all) all = std::move(done);
  }
  return all;
}

// What a call of Extend failed of. A receipt that is lost means that somebody else works on the
// same object too: the ledger lets one of us load it.
Status FailureOf(const Result<std::vector<Status>>& extended) {
  if (!extended) return std::unexpected(extended.error());
  const auto fails = [](const Status& answer) {
    return !answer && answer.error().kind() != ErrorKind::kNotFound;
  };
  const auto first = std::ranges::find_if(*extended, fails);
  if (first == extended->end()) return {};
  return Fail(first->error().kind(), "{} of {} refused: {}",
              std::ranges::count_if(*extended, fails), extended->size(), first->error().message());
}

auto Sums(auto& counts) {
  auto& [messages, deleted, delete_failures, test_events, other_events, folder_markers, foreign] =
      counts;
  return std::tie(messages, deleted, delete_failures, test_events, other_events, folder_markers,
                  foreign);
}

}  // namespace

InboxCounts& InboxCounts::operator+=(const InboxCounts& other) {
  AddFields(Sums(*this), Sums(other));
  return *this;
}

NotificationInbox::NotificationInbox(Queue& queue, ObjectStore& raw, ObjectStore& quarantine,
                                     Clock& clock, InboxOptions options)
    : queue_(queue),
      raw_(raw),
      quarantine_(quarantine),
      clock_(clock),
      options_(std::move(options)) {}

bool NotificationInbox::HasRoom() const {
  return size_ < options_.max_size && objects_.size() < options_.max_objects &&
         deliveries_.size() < options_.max_messages && dead_letters_ < kMostDeadLetters;
}

Status NotificationInbox::Fill(const std::stop_token& stop) {
  next_extension_ = clock_.Monotonic() + options_.visibility_timeout / 2;
  while (HasRoom() && !stop.stop_requested()) {
    SLUICE_ASSIGN(
        const auto messages,
        queue_.Receive({.max_messages = kMessagesAtATime,
                        .wait = deliveries_.empty() ? options_.wait : std::chrono::milliseconds(0),
                        .visibility_timeout = options_.visibility_timeout}));
    if (messages.empty()) break;
    // All are held before one of them fails.
    const size_t first = deliveries_.size();
    for (const Message& message : messages) deliveries_.push_back({.receipt = message.receipt});
    for (size_t i = 0; i < messages.size(); ++i) SLUICE_TRY(Accept(messages[i], first + i));
  }
  return {};
}

Status NotificationInbox::Accept(const Message& message, size_t delivery) {
  ++counts_.messages;
  for (const NotificationRecord& record : ParseS3Notification(message.body)) {
    if (const auto* created = std::get_if<ObjectCreated>(&record)) {
      SLUICE_TRY(AcceptObject(*created, delivery, message));
    } else if (const auto* other = std::get_if<NotANotification>(&record)) {
      SLUICE_TRY(KeepForeign(message, other->why, delivery));
    } else if (std::holds_alternative<S3TestEvent>(record)) {
      ++counts_.test_events;
    } else {
      ++counts_.other_events;
    }
  }
  deliveries_[delivery].is_read = true;
  return {};
}

// Foreign messages are for the dead letters.
bool NotificationInbox::IsSettled(const Delivery& delivery) {
  return delivery.is_read && delivery.unsettled == 0 && !delivery.is_foreign;
}

Result<bool> NotificationInbox::IsOurs(const ObjectCreated& created) {
  const Place ours = PlaceOf(raw_.uri());
  if (created.bucket == ours.bucket) return created.key.starts_with(ours.prefix);
  const bool are_folders = ours.bucket.starts_with('/') && created.bucket.starts_with('/');
  if (!are_folders || created.etag.empty() || !options_.check_key(created.key)) return false;
  const auto there = raw_.Stat(created.key);
  if (there) return there->etag == created.etag;
  if (there.error().kind() == ErrorKind::kNotFound) return false;
  return std::unexpected(there.error());
}

Status NotificationInbox::AcceptObject(const ObjectCreated& created, size_t delivery,
                                       const Message& message) {
  SLUICE_ASSIGN(const bool is_ours, IsOurs(created));
  if (!is_ours) {
    return KeepForeign(message, "it names an object outside the raw store", delivery);
  }
  if (created.key.ends_with('/') && created.size.count == 0) {  // the prefix itself may have one
    ++counts_.folder_markers;
    return {};
  }
  const RawKey key{created.key.substr(PlaceOf(raw_.uri()).prefix.size())};
  if (!options_.check_key(key.text))
    return KeepForeign(message, "its key is none that the raw store can hold", delivery);
  if (!options_.layout.HourOf(key))
    return KeepForeign(message, "its key does not match raw.layout", delivery);
  auto& waiting = waiting_[key];
  if (waiting.empty()) {
    objects_.push_back({.key = key, .etag = created.etag, .size = created.size});
    size_ += created.size;
  } else {
    // Two versions of one key: which one is there only a look can tell.
    AnnouncedObject& known = *std::ranges::find(objects_, key, &AnnouncedObject::key);
    if (known.etag != created.etag) known.etag.clear();
  }
  if (std::ranges::find(waiting, delivery) == waiting.end()) {
    waiting.push_back(delivery);
    ++deliveries_[delivery].unsettled;
  }
  return {};
}

Status NotificationInbox::KeepForeign(const Message& message, std::string_view why,
                                      size_t delivery) {
  ++counts_.foreign;
  Delivery& held = deliveries_[delivery];
  if (held.is_foreign) return {};  // the body is kept already
  held.is_foreign = true;
  if (message.receive_count >= options_.most_deliveries) {
    held.dead_letter = message.body;
    dead_letters_ += {message.body.size()};
  }
  const QuarantineKey key = ForeignMessageKeyFor(message.body);
  Log(LogLevel::kWarning,
      "notification is not ours, kept for a person to look at: {}: message={} kept={}", why,
      message.id, key.text);
  SLUICE_ASSIGN(const auto pending, quarantine_.Create(key.text));
  SLUICE_TRY(pending->Write(message.body));
  SLUICE_TRY(pending->Commit());
  return {};
}

void NotificationInbox::Settled(const RawKey& key) {
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) return;
  for (const size_t delivery : found->second) --deliveries_[delivery].unsettled;
  waiting_.erase(found);
}

Status NotificationInbox::KeepAlive() {
  const Ticks now = clock_.Monotonic();
  if (now < next_extension_) return {};
  std::vector<Receipt> receipts;
  for (const Delivery& delivery : deliveries_) receipts.push_back(delivery.receipt);
  const Status extended = InBatches(receipts, [&](std::span<const Receipt> some) {
    return FailureOf(queue_.Extend(some, options_.visibility_timeout));
  });
  const Ticks::duration timeout = options_.visibility_timeout;
  next_extension_ = extended ? now + timeout / 2 : clock_.Monotonic() + timeout / 20;
  return extended;
}

Status NotificationInbox::DeleteSettled() {
  if (const Status buried = BuryForeign(); !buried) {
    Log(LogLevel::kWarning, "cannot send to the dead letters, the messages come again: {}",
        buried.error().message());
  }
  std::vector<Receipt> receipts;
  for (const Delivery& delivery : deliveries_) {
    if (IsSettled(delivery)) receipts.push_back(delivery.receipt);
  }
  return InBatches(receipts, [&](std::span<const Receipt> some) -> Status {
    SLUICE_ASSIGN(const auto answers, queue_.Delete(some));
    for (const Status& answer : answers) {
      answer ? ++counts_.deleted : ++counts_.delete_failures;
      if (!answer)
        Log(LogLevel::kWarning, "notification comes again: {}", answer.error().message());
    }
    return {};
  });
}

// What was delivered often enough goes to the dead letters, and then counts as any other that needs
// no delivery more. One by one: rare, and each up to a mebibyte.
Status NotificationInbox::BuryForeign() {
  if (options_.dead_letters == nullptr) return {};
  for (Delivery& delivery : deliveries_) {
    if (!delivery.is_read || delivery.unsettled > 0 || !delivery.dead_letter) continue;
    SLUICE_ASSIGN(const auto sent, options_.dead_letters->Send({&*delivery.dead_letter, 1}));
    SLUICE_TRY(sent.front());
    delivery.dead_letter.reset();
    delivery.is_foreign = false;
  }
  return {};
}

Status NotificationInbox::GiveBack() {
  std::vector<Receipt> receipts;
  for (const Delivery& delivery : deliveries_) {
    if (!delivery.is_read || delivery.unsettled > 0) receipts.push_back(delivery.receipt);
  }
  return InBatches(receipts, [&](std::span<const Receipt> some) -> Status {
    SLUICE_TRY(queue_.Extend(some, std::chrono::seconds(0)));
    return {};
  });
}

}  // namespace sluice
