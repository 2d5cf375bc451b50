// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/pg_login.h"

namespace sluice {

Result<PgLogin> FetchedLogin::Get() {
  const std::lock_guard lock(mutex_);
  if (kept_) return *kept_;
  return FetchAnew();
}

// Another thread may have fetched it meanwhile.
Result<PgLogin> FetchedLogin::InPlaceOf(const PgLogin& refused) {
  const std::lock_guard lock(mutex_);
  if (kept_ && kept_->password != refused.password) return *kept_;
  return FetchAnew();
}

Result<PgLogin> FetchedLogin::FetchAnew() {
  SLUICE_ASSIGN(kept_, fetch_());
  kept_->user = user_;
  return *kept_;
}

}  // namespace sluice
