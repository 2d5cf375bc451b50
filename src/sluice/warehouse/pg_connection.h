// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/warehouse/sql_session.h"

namespace sluice {

// Where a server that speaks PostgreSQL's protocol is, and how it is spoken with.
struct PgTarget {
  std::string host;
  int port = 5432;
  std::string database, user, password;
  // As libpq's sslmode: "verify-full", "disable", …; and the certificates that may sign the
  // server's, a file. Empty: the system's.
  std::string ssl_mode = "verify-full", ssl_root;
  std::string application_name;
};

struct PgTimeouts {
  std::chrono::milliseconds connect{10'000};
  // Without a word from the server for so long after a statement was sent the connection is given
  // up.
  std::chrono::milliseconds statement{900'000};
};

// What the server answered to one of the statements that were sent together.
struct PgAnswer {
  std::string tag;  // "COMMIT", "INSERT 0 5"
  std::vector<TextRow> rows;
};

// One connection by libpq. Whatever the network does, every call ends: by its timeout, or soon
// after a stop request. One thread at a time.
//
// Failures as SqlSession says, by SQLSTATE (PostgreSQL documentation, "PostgreSQL Error Codes").
// kOutcomeUnknown where the connection was lost after something was sent; then the connection is
// dead, and every later call answers kTransient.
class PgConnection {
 public:
  // kTransient: nobody answers, or the server takes nobody now. kPermanent: it refuses us.
  static Result<std::unique_ptr<PgConnection>> Open(const PgTarget& target,
                                                    const PgTimeouts& timeouts,
                                                    std::stop_token stop);
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  // Statements in one message of the simple query protocol, separated by ';'. After the first that
  // fails the server looks at no other.
  Result<std::vector<PgAnswer>> Send(const std::string& sql, std::chrono::milliseconds timeout);
  Result<std::vector<PgAnswer>> Send(const std::string& sql) {
    return Send(sql, timeouts_.statement);
  }
  // How many statements of the last Send were answered without an error.
  size_t answered() const { return answered_; }

  // COPY … FROM STDIN: begin, data in pieces of any size, end. After a failure the COPY has ended.
  Status BeginCopy(const std::string& sql);
  Status CopyData(std::string_view data);
  Status EndCopy();

 private:
  class Impl;
  explicit PgConnection(std::unique_ptr<Impl> impl, const PgTimeouts& timeouts);
  const std::unique_ptr<Impl> impl_;
  const PgTimeouts timeouts_;
  size_t answered_ = 0;
};

// Why nobody could connect, in libpq's words of all the addresses that it tried. kPermanent: one of
// them refused us; the message has its line. kTransient: with the last line.
Error RefusalOf(std::string_view libpq_message);
// Of what Open answers: the server takes no such password of this user.
bool IsRefusedPassword(const Error& error);

// What an error of that SQLSTATE means; of an internal error, what KindOfRedshiftWords says.
ErrorKind KindOfSqlState(std::string_view state, std::string_view message);

}  // namespace sluice
