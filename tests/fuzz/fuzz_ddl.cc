// SPDX-License-Identifier: Apache-2.0
// Any text as DDL: tables within the limits, whose canonical spelling means the same, or an error
// that says where.
#include "sluice/base/utf8.h"
#include "sluice/schema/ddl_parser.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/places.h"
#include "tests/fuzz/seed_files.h"

namespace sluice {
namespace {

void CheckTable(TableSchema table) {
  SLUICE_CHECK(!table.columns.empty() && table.columns.size() <= 1600);
  SLUICE_CHECK(!table.name.empty() && table.name.size() <= 127 && table.schema.size() <= 127);
  bool all_from_events = true;
  for (const Column& column : table.columns) {
    SLUICE_CHECK(!column.name.empty() && column.name.size() <= 127 && IsUtf8(column.name));
    all_from_events &= !column.generated;
  }
  if (!all_from_events) return;  // the canonical spelling does not say how they are generated
  if (table.schema.empty()) table.schema = "s";  // which has no spelling of its own
  const std::string canonical = CanonicalDdl(table);
  const auto again = ParseCreateTable(canonical, "again.sql");
  SLUICE_CHECK(again);
  SLUICE_CHECK(CanonicalDdl(*again) == canonical);
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> seeds =
      SourceSeeds({"examples/tracking/events.sql", "examples/tracking/utm.sql",
                   "tests/oracle/types.sql", "tests/oracle/strict.sql"});
  for (std::string& seed : GoldenSeeds("convert", "tables.sql")) seeds.push_back(std::move(seed));
  return seeds;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const std::string_view sql = FuzzInput(data, size).Rest();
  const auto tables = ParseCreateTables(sql, "f.sql");
  if (!tables) {
    SLUICE_CHECK(tables.error().kind() == ErrorKind::kPermanent);
    CheckPlaces(tables.error().message(), "f.sql", sql);
    return 0;
  }
  SLUICE_CHECK(!tables->empty());
  for (const TableSchema& table : *tables) CheckTable(table);
  return 0;
}
