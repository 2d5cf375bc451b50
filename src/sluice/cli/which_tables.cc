// SPDX-License-Identifier: Apache-2.0
#include "sluice/cli/which_tables.h"

#include <fmt/format.h>

#include "sluice/operate/verify.h"

namespace sluice {

Result<std::vector<size_t>> WhichTables(Session& session, const TableSet& tables,
                                        const std::string& name) {
  std::vector<size_t> which;
  std::string known;
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    const Table& table = tables.tables[i];
    known += (known.empty() ? "" : ", ") + FullName(table);
    if (name.empty() || name == table.name() || name == FullName(table)) which.push_back(i);
  }
  if (!which.empty()) return which;
  return session.WrongUsage(
      fmt::format("--table {}: there is no such table; the configuration has {}", name, known));
}

}  // namespace sluice
