// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "sluice/base/result.h"

namespace sluice {

struct PgLogin {
  std::string user, password;
  std::string password_of = {};  // whose it is by those who keep it; empty: they do not say
};

// Who logs in, for the next connection. Thread-safe.
class PgLoginSource {
 public:
  virtual ~PgLoginSource() = default;
  virtual Result<PgLogin> Get() = 0;
  // What to try where the server has refused `login`; the same where there is nothing else.
  virtual Result<PgLogin> InPlaceOf(const PgLogin& refused) { return refused; }
};

// A password that is kept elsewhere and changed there: fetched for the first connection, and anew
// when the server refuses it.
class FetchedLogin final : public PgLoginSource {
 public:
  // `user` of what it answers counts for nothing.
  using Fetch = std::function<Result<PgLogin>()>;
  FetchedLogin(std::string user, Fetch fetch) : user_(std::move(user)), fetch_(std::move(fetch)) {}

  Result<PgLogin> Get() override;
  Result<PgLogin> InPlaceOf(const PgLogin& refused) override;

 private:
  Result<PgLogin> FetchAnew();

  const std::string user_;
  const Fetch fetch_;
  std::mutex mutex_;  // one fetches, the others wait for it; guards what comes now
  std::optional<PgLogin> kept_;
};

}  // namespace sluice
