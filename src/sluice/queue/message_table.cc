// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/message_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sluice/base/unique_id.h"
#include "sluice/queue/queue_file.h"

namespace sluice {
namespace {

using std::chrono::microseconds;

int64_t ToMicroseconds(Ticks moment) {
  return std::chrono::duration_cast<microseconds>(moment.time_since_epoch()).count();
}

}  // namespace

MessageReceipt MessageReceipt::Make(int64_t number, Timestamp now) {
  return {number, fmt::format("{}-{}", number, MakeUniqueId(now))};
}

Result<MessageReceipt> MessageReceipt::Parse(const Receipt& receipt) {
  const std::string& text = receipt.handle;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end != text.data() + text.size() && *end == '-')
    return MessageReceipt{number, text};
  return Fail(ErrorKind::kPermanent, "not a receipt of a queue file");
}

Result<MessageTable> MessageTable::Open(SqliteDatabase& database, int64_t queue) {
  MessageTable table(database, queue);
  const std::pair<SqliteStatement*, std::string> statements[] = {
      {&table.append_,
       "INSERT INTO message (queue, id, sent, receive_count, place) VALUES (?1, ?2, ?3, 0,"
       " 1 + (SELECT coalesce(max(place), 0) FROM message"
       " WHERE queue = ?1 AND hidden_until IS NULL))"},
      {&table.append_body_, "INSERT INTO body (number, bytes) VALUES (?1, ?2)"},
      {&table.has_visible_,
       "SELECT EXISTS (SELECT 1 FROM message WHERE queue = ?1 AND hidden_until IS NULL)"
       " OR EXISTS (SELECT 1 FROM message WHERE queue = ?1 AND hidden_until <= ?2)"},
      {&table.release_expired_,
       fmt::format("UPDATE message SET hidden_until = NULL, received = NULL, owner = NULL,"
                   " place = {} WHERE queue = ?1 AND hidden_until <= ?2",
                   kEndOfLine)},
      {&table.first_waiting_,
       "SELECT number, id, sent, receive_count FROM message"
       " WHERE queue = ?1 AND hidden_until IS NULL ORDER BY place, number LIMIT ?2"},
      {&table.deliver_,
       "UPDATE message SET receive_count = receive_count + 1, receipt = ?2, owner = ?3,"
       " received = ?4, hidden_until = ?5 WHERE number = ?1"},
      {&table.body_, "SELECT bytes FROM body WHERE number = ?1"},
      {&table.move_,
       "UPDATE message SET queue = ?2, receipt = NULL, place = 1 +"
       " (SELECT coalesce(max(place), 0) FROM message WHERE queue = ?2 AND hidden_until IS NULL)"
       " WHERE number = ?1"},
      {&table.delete_, "DELETE FROM message WHERE number = ?1 AND queue = ?2 AND receipt = ?3"},
      {&table.delete_body_, "DELETE FROM body WHERE number = ?1"},
      {&table.received_at_,
       "SELECT received FROM message"
       " WHERE number = ?1 AND queue = ?2 AND receipt = ?3 AND hidden_until > ?4"},
      {&table.hide_, "UPDATE message SET hidden_until = ?2 WHERE number = ?1"},
      {&table.count_waiting_,
       "SELECT count(*) FROM message WHERE queue = ?1 AND hidden_until IS NULL"},
      {&table.in_flight_,
       "SELECT owner, count(*), sum(hidden_until > ?2) FROM message"
       " WHERE queue = ?1 AND hidden_until IS NOT NULL GROUP BY owner"},
  };
  for (const auto& [statement, sql] : statements) {
    SLUICE_ASSIGN(*statement, database.Prepare(sql));
  }
  return table;
}

Status MessageTable::Append(const std::string& id, Timestamp sent, std::string_view body) {
  SLUICE_TRY(append_.Run({queue_, id, sent.time_since_epoch().count()}));
  return append_body_.Run({database_->inserted_row(), SqliteBlob{body}});
}

Result<bool> MessageTable::HasVisible(Ticks now) {
  SLUICE_ASSIGN(const int64_t answer, has_visible_.Number({queue_, ToMicroseconds(now)}));
  return answer != 0;
}

Status MessageTable::ReleaseExpired(Ticks now) {
  return release_expired_.Run({queue_, ToMicroseconds(now)});
}

Result<std::vector<MessageTable::Waiting>> MessageTable::FirstWaiting(int limit) {
  std::vector<Waiting> first;
  SLUICE_TRY(first_waiting_.Each({queue_, int64_t{limit}}, [&](const SqliteRow& row) {
    first.push_back({row.Int(0), std::string(row.Text(1)), Timestamp(microseconds(row.Int(2))),
                     static_cast<int>(row.Int(3))});
  }));
  return first;
}

Status MessageTable::Deliver(const Delivery& delivery, int64_t owner) {
  return deliver_.Run({delivery.receipt.number, delivery.receipt.handle, owner,
                       ToMicroseconds(delivery.received), ToMicroseconds(delivery.hidden_until)});
}

Result<std::string> MessageTable::Body(int64_t number) {
  std::optional<std::string> body;
  SLUICE_TRY(body_.Each({number}, [&](const SqliteRow& row) { body = row.Text(0); }));
  if (body) return *std::move(body);
  return Fail(ErrorKind::kPermanent,
              "the queue file is damaged: a message has no body: file={} message={}",
              database_->path(), number);
}

Status MessageTable::MoveTo(int64_t queue, int64_t number) {
  return move_.Run({number, queue});
}

Status MessageTable::Delete(const MessageReceipt& receipt) {
  SLUICE_TRY(delete_.Run({receipt.number, queue_, receipt.handle}));
  if (database_->changed_rows() == 0) return {};
  return delete_body_.Run({receipt.number});
}

Result<std::optional<Ticks>> MessageTable::ReceivedAt(const MessageReceipt& receipt, Ticks now) {
  std::optional<Ticks> received;
  SLUICE_TRY(
      received_at_.Each({receipt.number, queue_, receipt.handle, ToMicroseconds(now)},
                        [&](const SqliteRow& row) { received = Ticks(microseconds(row.Int(0))); }));
  return received;
}

Status MessageTable::Hide(int64_t number, Ticks until) {
  return hide_.Run({number, ToMicroseconds(until)});
}

Result<QueueDepth> MessageTable::Depth(Ticks now, const std::vector<int64_t>& dead_owners) {
  QueueDepth depth;
  SLUICE_ASSIGN(const int64_t waiting, count_waiting_.Number({queue_}));
  depth.visible = static_cast<uint64_t>(waiting);
  SLUICE_TRY(in_flight_.Each({queue_, ToMicroseconds(now)}, [&](const SqliteRow& row) {
    const auto all = static_cast<uint64_t>(row.Int(1));
    const bool is_dead = std::ranges::find(dead_owners, row.Int(0)) != dead_owners.end();
    const uint64_t hidden = is_dead ? 0 : static_cast<uint64_t>(row.Int(2));
    depth.in_flight += hidden;
    depth.visible += all - hidden;
  }));
  SLUICE_ASSIGN(const std::vector<Waiting> first, FirstWaiting(1));
  if (!first.empty()) depth.oldest = first.front().sent;
  return depth;
}

Result<uint64_t> MessageTable::Count(SqliteDatabase& database, int64_t queue) {
  // Through the two indexes: neither alone holds every message.
  SLUICE_ASSIGN(
      SqliteStatement count,
      database.Prepare(
          "SELECT (SELECT count(*) FROM message WHERE queue = ?1 AND hidden_until IS NULL)"
          " + (SELECT count(*) FROM message WHERE queue = ?1 AND hidden_until IS NOT NULL)"));
  SLUICE_ASSIGN(const int64_t messages, count.Number({queue}));
  return static_cast<uint64_t>(messages);
}

}  // namespace sluice
