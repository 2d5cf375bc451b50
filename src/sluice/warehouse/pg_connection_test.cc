// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/pg_connection.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::string_view kNobody =
    "connection to server at \"127.0.0.9\", port 5439 failed: Connection refused\n"
    "\tIs the server running on that host and accepting TCP/IP connections?\n";

std::string Failed(std::string_view why) {
  return "connection to server at \"127.0.0.1\", port 5439 failed: " + std::string(why) + "\n";
}

TEST(RefusalOf, IsPermanentWhereOneOfTheAddressesRefusesUs) {
  const std::string refusal = Failed("FATAL:  password authentication failed for user \"u\"");
  for (const std::string& message :
       {refusal, std::string(kNobody) + refusal, refusal + std::string(kNobody)}) {
    const Error error = RefusalOf(message);
    EXPECT_EQ(error.kind(), ErrorKind::kPermanent) << message;
    EXPECT_EQ(error.message(), "cannot connect: refused: " + refusal.substr(0, refusal.size() - 1));
    EXPECT_TRUE(IsRefusedPassword(error));
  }
  for (const char* why :
       {"FATAL:  database \"none\" does not exist", "SSL error: certificate verify failed",
        "server does not support SSL, but SSL was required",
        "server certificate for \"b\" does not match host name \"a\"",
        "FATAL:  no pg_hba.conf entry for x"}) {
    const Error error = RefusalOf(Failed(why));
    EXPECT_EQ(error.kind(), ErrorKind::kPermanent) << why;
    EXPECT_FALSE(IsRefusedPassword(error)) << why;
  }
}

TEST(RefusalOf, IsTransientWhereNobodyTakesUsNow) {
  const Error error =
      RefusalOf(Failed("FATAL:  the database system is starting up") + std::string(kNobody));
  EXPECT_EQ(error.kind(), ErrorKind::kTransient);
  EXPECT_EQ(error.message(),
            "cannot connect: connection to server at \"127.0.0.9\", port 5439 "
            "failed: Connection refused");
  // SQLSTATE 53300 (fault C13).
  EXPECT_EQ(RefusalOf(Failed("FATAL:  sorry, too many clients already")).kind(),
            ErrorKind::kTransient);
  // A connection that broke while keys were exchanged.
  EXPECT_EQ(RefusalOf(Failed("SSL SYSCALL error: EOF detected")).kind(), ErrorKind::kTransient);
  EXPECT_EQ(RefusalOf(Failed("SSL error: unexpected eof while reading")).kind(),
            ErrorKind::kTransient);
  EXPECT_EQ(RefusalOf("connection to server at \"SSL.example\" failed: timeout expired").kind(),
            ErrorKind::kTransient);
  EXPECT_EQ(RefusalOf("").kind(), ErrorKind::kTransient);
}

}  // namespace
}  // namespace sluice
