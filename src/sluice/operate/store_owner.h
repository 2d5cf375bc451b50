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

// The line: a pipeline's name, and its WarehouseState::ledger_id. Empty without a ledger.
std::string OwnerLine(std::string_view pipeline, std::string_view ledger_id);

// Nothing where nobody said so yet.
Result<std::optional<std::string>> OwnerOf(ObjectStore& parquet);
// A sentence where `claimed`, which is what OwnerOf answered, is not `owner`; else empty, as of one
// without a ledger.
std::string OthersClaim(const std::optional<std::string>& claimed, const std::string& owner);
// kConflict where it is another's.
Status Claim(ObjectStore& parquet, const std::string& owner);

}  // namespace sluice
