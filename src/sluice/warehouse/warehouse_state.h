// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace sluice {

// A column as it is in the warehouse now.
struct LiveColumn {
  std::string name;
  std::string type;  // as the warehouse spells it
  bool not_null = false, has_default = false;
};

// What Warehouse::Probe found.
struct WarehouseState {
  bool ledger_exists = false;
  // Of this pipeline's part of it, made with it at random; empty where it is not there yet. A copy
  // of the whole warehouse has the same.
  std::string ledger_id;
  bool ledger_is_empty = true;
  bool tables_hold_rows = false;
  std::optional<std::string> paused;  // the reason, when loading is paused
};

}  // namespace sluice
