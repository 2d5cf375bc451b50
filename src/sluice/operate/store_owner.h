// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/object/object_store.h"

namespace sluice {

// The object of a Parquet store that says which pipeline of which ledger alone loads from it, so
// that gc of no other one removes what that one names (docs/adr/0052). One line, by `gc --claim`.
inline constexpr std::string_view kOwnerKey = "_sluice/owner";

// Nothing where nobody said so yet.
Result<std::optional<std::string>> OwnerOf(ObjectStore& parquet);
// kConflict where it is another's.
Status Claim(ObjectStore& parquet, const std::string& owner);

}  // namespace sluice
