// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/pg_login.h"

namespace sluice {

Result<PgLogin> FetchedLogin::Get() {
  const std::lock_guard lock(mutex_);
  if (password_) return PgLogin{user_, *password_};
  return FetchAnew();
}

// Another thread may have fetched it meanwhile.
Result<PgLogin> FetchedLogin::InPlaceOf(const PgLogin& refused) {
  const std::lock_guard lock(mutex_);
  if (password_ && *password_ != refused.password) return PgLogin{user_, *password_};
  return FetchAnew();
}

Result<PgLogin> FetchedLogin::FetchAnew() {
  SLUICE_ASSIGN(password_, fetch_());
  return PgLogin{user_, *password_};
}

}  // namespace sluice
