// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/pg_connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>
#include <utility>

#include "sluice/base/utf8.h"
#include "sluice/warehouse/redshift_words.h"

namespace sluice {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::string_view kRefusedPassword = "password authentication failed";
constexpr milliseconds kSlice(100);    // between looks at a stop request
constexpr milliseconds kGrace(5'000);  // for a server that was asked to cancel

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

// Servers' messages: the first line, without control characters.
std::string FirstLine(std::string_view text) {
  std::string line(text.substr(0, text.find('\n')));
  std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  constexpr size_t kMost = 500;
  return std::string(Utf8Prefix(line, kMost));
}

TextRow RowOf(const PGresult* result, int row) {
  TextRow values;
  for (int column = 0; column < PQnfields(result); ++column) {
    if (PQgetisnull(result, row, column) != 0) {
      values.emplace_back();
    } else {
      values.emplace_back(std::string(PQgetvalue(result, row, column),
                                      static_cast<size_t>(PQgetlength(result, row, column))));
    }
  }
  return values;
}

// The detail of a refused value is the row, which no message may hold; of an internal error it is
// what Redshift has to say, and stands last, in one piece: what is before it is compared with what
// others failed for.
Error ErrorOf(const PGresult* result) {
  const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string code = state == nullptr ? "" : state;
  const auto field = [&](int name) {
    const char* const text = PQresultErrorField(result, name);
    return FirstLine(text == nullptr ? "" : text);
  };
  std::string message = field(PG_DIAG_MESSAGE_PRIMARY);
  std::string detail;
  if (code == "XX000") {
    detail = InOnePiece(field(PG_DIAG_MESSAGE_DETAIL));
  }
  const ErrorKind kind = KindOfSqlState(code, message + " " + detail);
  message += ": sqlstate=" + code;
  return Error(kind, detail.empty() ? message : message + ": " + detail);
}

}  // namespace

ErrorKind KindOfSqlState(std::string_view state, std::string_view message) {
  const std::string_view group = state.substr(0, 2);
  // A value is out of range, or breaks a constraint of the table.
  // 54000: a key is longer than an index takes.
  if (group == "22" || group == "23" || state == "54000") return ErrorKind::kBadData;
  constexpr std::array<std::string_view, 10> kAgain = {
      "40001",   // serialization_failure
      "40P01",   // deadlock_detected
      "55P03",   // lock_not_available
      "57014",   // query_canceled, by statement_timeout too
      "57P01",   // admin_shutdown
      "57P02",   // crash_shutdown
      "57P03",   // cannot_connect_now
      "25006",   // read_only_sql_transaction: a cluster that is resized
      "25P03",   // idle_in_transaction_session_timeout
      "58030"};  // io_error
  if (group == "08" || group == "53" || std::ranges::find(kAgain, state) != kAgain.end()) {
    return ErrorKind::kTransient;
  }
  // internal_error: what Redshift has no state of PostgreSQL for.
  if (state == "XX000") return KindOfRedshiftWords(message).value_or(ErrorKind::kPermanent);
  return ErrorKind::kPermanent;
}

// libpq gives no code here. A line for each address that it tried, some with more lines behind
// them, which begin with a tab.
Error RefusalOf(std::string_view libpq_message) {
  // The server's own words, in any version; and libpq's, but for the end of a connection.
  constexpr std::array<std::string_view, 8> kRefusals = {kRefusedPassword,
                                                         "no pg_hba.conf entry",
                                                         "does not exist",
                                                         "certificate verify failed",
                                                         "server certificate for",
                                                         "does not support SSL",
                                                         "SSL error",
                                                         "authentication method"};
  std::string_view last;
  for (const std::string_view said : kRefusals) {
    for (std::string_view rest = libpq_message; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (!line.empty() && line[0] != '\t') last = line;
      if (!line.contains(said) || line.contains("unexpected eof")) continue;
      return Error(ErrorKind::kPermanent,
                   fmt::format("cannot connect: refused: {}", FirstLine(line)));
    }
  }
  return Error(ErrorKind::kTransient, fmt::format("cannot connect: {}", FirstLine(last)));
}

bool IsRefusedPassword(const Error& error) {
  return error.kind() == ErrorKind::kPermanent && error.message().contains(kRefusedPassword);
}

class PgConnection::Impl {
 public:
  Impl(PGconn* connection, std::stop_token stop)
      : connection_(connection), stop_(std::move(stop)) {}
  ~Impl() { Close(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  PGconn* get() { return connection_; }
  bool is_dead() const { return connection_ == nullptr; }
  void Close() { PQfinish(std::exchange(connection_, nullptr)); }

  // Until the socket is ready for `events`. False: the time is up. A stop request asks the server
  // once to cancel what it does, and leaves it a little time to say so: then it is known that
  // nothing happened.
  bool Wait(short events, Steady::time_point until) {
    while (true) {
      if (stop_.stop_requested() && !give_up_at_) {
        give_up_at_ = Steady::now() + kGrace;
        Cancel();
      }
      const auto end = std::min(until, give_up_at_.value_or(until));
      const auto left = std::chrono::ceil<milliseconds>(end - Steady::now());
      if (left <= milliseconds(0)) return false;
      pollfd ready{.fd = PQsocket(connection_), .events = events, .revents = 0};
      const int found = ::poll(&ready, 1, static_cast<int>(std::min(left, kSlice).count()));
      if (found > 0) return true;
      if (found < 0 && errno != EINTR) return true;  // libpq says what is wrong
    }
  }

  Status MayBegin() const {
    if (is_dead()) return Fail(ErrorKind::kTransient, "the connection was lost before");
    if (is_stopped()) return Fail(ErrorKind::kTransient, "stopped");
    return {};
  }
  bool is_stopped() const { return stop_.stop_requested(); }

  // The message that libpq keeps, which never has the password in it.
  std::string Message() const { return FirstLine(PQerrorMessage(connection_)); }

  Status Connected(Steady::time_point until) {
    if (PQstatus(connection_) == CONNECTION_BAD) return Refused();
    for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;
         state = PQconnectPoll(connection_)) {
      if (state == PGRES_POLLING_FAILED) return Refused();
      if (!Wait(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, until)) {
        return Fail(ErrorKind::kTransient, "cannot connect: no answer in time");
      }
    }
    return {};
  }

  // All that was put into libpq's buffer is sent.
  Status Flush(Steady::time_point until) {
    while (true) {
      const int left = PQflush(connection_);
      if (left == 0) return {};
      if (left < 0) return Lost();
      if (!Wait(POLLIN | POLLOUT, until)) return OutOfTime();
      if (PQconsumeInput(connection_) == 0) return Lost();
    }
  }

  // The next answer; null: there is none more.
  Result<ResultPtr> Next(Steady::time_point until) {
    while (PQisBusy(connection_) != 0) {
      if (!Wait(POLLIN, until)) return std::unexpected(OutOfTime().error());
      if (PQconsumeInput(connection_) == 0) return std::unexpected(Lost().error());
    }
    return ResultPtr(PQgetResult(connection_));
  }

  Status Lost() {
    Status lost = Fail(ErrorKind::kOutcomeUnknown, "the connection was lost: {}", Message());
    Close();
    return lost;
  }

  Status OutOfTime() {
    Close();
    return Fail(ErrorKind::kOutcomeUnknown, "the connection was given up: {}",
                is_stopped() ? "stopped" : "no answer in time");
  }

 private:
  void Cancel() {
    PGcancel* const cancel = PQgetCancel(connection_);
    if (cancel == nullptr) return;
    // It makes a connection and waits for it, maybe longer than anybody waits for this one.
    std::thread([cancel] {
      std::array<char, 256> error{};
      PQcancel(cancel, error.data(), static_cast<int>(error.size()));
      PQfreeCancel(cancel);
    }).detach();
  }

  Status Refused() const { return std::unexpected(RefusalOf(PQerrorMessage(connection_))); }

  PGconn* connection_;
  const std::stop_token stop_;
  std::optional<Steady::time_point> give_up_at_;  // once a stop was requested
};

PgConnection::PgConnection(std::unique_ptr<Impl> impl, const PgTimeouts& timeouts)
    : impl_(std::move(impl)), timeouts_(timeouts) {}
PgConnection::~PgConnection() = default;

Result<std::unique_ptr<PgConnection>> PgConnection::Open(const PgTarget& target,
                                                         const PgTimeouts& timeouts,
                                                         std::stop_token stop) {
  const std::string port = std::to_string(target.port);
  // A connection that a firewall forgot is found out in a minute and a half (fault C12).
  const std::array<std::pair<const char*, const char*>, 14> options = {
      {{"host", target.host.c_str()},
       {"port", port.c_str()},
       {"dbname", target.database.c_str()},
       {"user", target.user.c_str()},
       {"password", target.password.c_str()},
       {"sslmode", target.ssl_mode.c_str()},
       {"sslrootcert", target.ssl_root.c_str()},
       {"application_name", target.application_name.c_str()},
       {"client_encoding", "UTF8"},
       {"gssencmode", "disable"},
       {"keepalives_idle", "30"},
       {"keepalives_interval", "10"},
       {"keepalives_count", "6"},
       {"tcp_user_timeout", "90000"}}};
  std::array<const char*, options.size() + 1> keys{}, values{};
  for (size_t i = 0; i < options.size(); ++i) {
    keys[i] = options[i].first;
    values[i] = options[i].second;
  }
  auto impl = std::make_unique<Impl>(PQconnectStartParams(keys.data(), values.data(), 0), stop);
  if (impl->is_dead()) return Fail(ErrorKind::kTransient, "cannot connect: no memory");
  SLUICE_TRY(impl->Connected(Steady::now() + timeouts.connect));
  PQsetnonblocking(impl->get(), 1);
  // Notices say what was done as asked; errors say the rest.
  PQsetNoticeProcessor(impl->get(), [](void*, const char*) {}, nullptr);
  return std::unique_ptr<PgConnection>(new PgConnection(std::move(impl), timeouts));
}

Result<std::vector<PgAnswer>> PgConnection::Send(const std::string& sql, milliseconds timeout) {
  answered_ = 0;
  if (sql.contains('\0')) return Fail(ErrorKind::kBadData, "a statement holds NUL");
  SLUICE_TRY(impl_->MayBegin());
  const auto until = Steady::now() + timeout;
  if (PQsendQuery(impl_->get(), sql.c_str()) == 0) return std::unexpected(impl_->Lost().error());
  SLUICE_TRY(impl_->Flush(until));
  std::vector<PgAnswer> answers;
  std::optional<Error> failure;
  while (true) {
    SLUICE_ASSIGN(const ResultPtr result, impl_->Next(until));
    if (result == nullptr) break;
    switch (PQresultStatus(result.get())) {
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
      case PGRES_EMPTY_QUERY:
        break;
      default:
        // A dead connection's last word is an error without a state.
        if (PQstatus(impl_->get()) == CONNECTION_BAD) return std::unexpected(impl_->Lost().error());
        if (!failure) failure = ErrorOf(result.get());
        continue;
    }
    PgAnswer& answer = answers.emplace_back();
    answer.tag = PQcmdStatus(result.get());
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      answer.rows.push_back(RowOf(result.get(), row));
    }
    if (!failure) ++answered_;
  }
  if (failure) return std::unexpected(std::move(*failure));
  return answers;
}

Status PgConnection::BeginCopy(const std::string& sql) {
  SLUICE_TRY(impl_->MayBegin());
  const auto until = Steady::now() + timeouts_.statement;
  if (PQsendQuery(impl_->get(), sql.c_str()) == 0) return impl_->Lost();
  SLUICE_TRY(impl_->Flush(until));
  SLUICE_ASSIGN(const ResultPtr result, impl_->Next(until));
  if (result != nullptr && PQresultStatus(result.get()) == PGRES_COPY_IN) return {};
  if (result == nullptr || PQstatus(impl_->get()) == CONNECTION_BAD) return impl_->Lost();
  const Error error = ErrorOf(result.get());
  while (true) {
    SLUICE_ASSIGN(const ResultPtr rest, impl_->Next(until));
    if (rest == nullptr) return std::unexpected(error);
  }
}

Status PgConnection::CopyData(std::string_view data) {
  const auto until = Steady::now() + timeouts_.statement;
  constexpr size_t kPiece = size_t{1} << 20;
  while (!data.empty()) {
    const std::string_view piece = data.substr(0, kPiece);
    const int put = PQputCopyData(impl_->get(), piece.data(), static_cast<int>(piece.size()));
    if (put < 0) return impl_->Lost();
    if (put > 0) data.remove_prefix(piece.size());
    SLUICE_TRY(impl_->Flush(until));
  }
  return {};
}

Status PgConnection::EndCopy() {
  const auto until = Steady::now() + timeouts_.statement;
  while (true) {
    const int put = PQputCopyEnd(impl_->get(), nullptr);
    if (put < 0) return impl_->Lost();
    if (put > 0) break;
    SLUICE_TRY(impl_->Flush(until));
  }
  SLUICE_TRY(impl_->Flush(until));
  std::optional<Error> failure;
  while (true) {
    SLUICE_ASSIGN(const ResultPtr result, impl_->Next(until));
    if (result == nullptr) break;
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) continue;
    if (PQstatus(impl_->get()) == CONNECTION_BAD) return impl_->Lost();
    if (!failure) failure = ErrorOf(result.get());
  }
  if (failure) return std::unexpected(std::move(*failure));
  return {};
}

}  // namespace sluice
