// SPDX-License-Identifier: Apache-2.0
// The tables themselves: those of the user, which may have drifted, and sluice's own.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sluice/base/clock.h"
#include "sluice/warehouse/sql_text.h"
#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

// What is wrong only shows when the rows are inserted.
TEST_P(WarehouseContract, C15TableThatRefusesARowStopsAllTables) {
  harness_->RequireValues("tracking.utm", "source");
  const auto before = EndState();
  auto staged = warehouse_->Stage(Plan({Put({.key = "a", .events = {{"1"}}, .utm = {{"u"}}})}));
  ASSERT_TRUE(staged) << staged.error().message();
  harness_->Tamper(**staged, "UPDATE sluice_stage_2 SET source = NULL");
  const auto loaded = (*staged)->Commit();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(EndState(), before);
}

TEST_P(WarehouseContract, C15NullThatOnlyTheTableForbidsIsNamedWithWhatMendsIt) {
  harness_->RequireValues("tracking.utm", "source");
  const auto before = EndState();
  const auto loaded = Load({Put({.key = "a", .utm = {{"u"}}}),
                            Put({.key = "b", .utm = {{"v"}, {"w", 0, std::nullopt}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(
      loaded.error().message(),
      AllOf(ContainsRegex("NULL in column source, which is NOT NULL in .*\"utm\" and not in its "
                          "DDL; to mend it: "),
            AnyOf(HasSubstr("ALTER COLUMN \"source\" DROP NOT NULL;"),
                  HasSubstr("drop \"source\", which must be no key of order or distribution")),
            ContainsRegex(": rows=1 file=[^ ]*/utm/b-etag.parquet$")));
  EXPECT_EQ(EndState(), before);
  MustLoad({Put({.key = "a", .utm = {{"u"}}})});
}

TEST_P(WarehouseContract, C14DriftedTableLoadsNothing) {
  harness_->Execute("ALTER TABLE tracking.utm DROP COLUMN source");
  const auto loaded = Load({Put({.key = "a", .events = {{"1"}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(loaded.error().message(), HasSubstr("ADD COLUMN \"source\""));
  harness_->Execute("ALTER TABLE tracking.utm ADD COLUMN source VARCHAR(255)");
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
}

TEST_P(WarehouseContract, C14ColumnThatNoLoadCanFillLoadsNothingAndIsNamed) {
  harness_->Execute("ALTER TABLE tracking.utm ADD COLUMN free VARCHAR");
  harness_->Execute("ALTER TABLE tracking.utm ADD COLUMN made INTEGER DEFAULT 5");
  harness_->RequireValues("tracking.utm", "made");
  MustLoad({Put({.key = "a", .utm = {{"1"}}})});
  harness_->Execute("DELETE FROM tracking.utm");
  harness_->RequireValues("tracking.utm", "free");
  const auto loaded = Load({Put({.key = "b", .events = {{"1"}}})});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(loaded.error().message(), HasSubstr("column free is NOT NULL, has no DEFAULT"));
}

// Values as everybody prints them; two rows, so that NULL is there too.
TEST_P(WarehouseContract, EveryTypeComesThrough) {
  const auto text = [](TypeKind kind, int32_t length) {
    return ColumnType{.kind = kind, .length = length};
  };
  const auto decimal = [](int8_t precision, int8_t scale) {
    return ColumnType{.kind = TypeKind::kDecimal, .precision = precision, .scale = scale};
  };
  const std::vector<std::pair<ColumnType, std::string>> values = {
      {text(TypeKind::kVarchar, 40), "id"},
      {{TypeKind::kSmallInt}, "-32768"},
      {{TypeKind::kInteger}, "2147483647"},
      {{TypeKind::kBigInt}, "-9223372036854775808"},
      {decimal(4, 0), "-1234"},
      {decimal(4, 2), "0.05"},
      {decimal(18, 9), "-123456789.000000001"},
      {decimal(18, 4), "10000.0001"},
      {decimal(38, 9), "12345678901234567890123456789.123456789"},
      {decimal(38, 0), "-100000000000000000000"},
      {{TypeKind::kReal}, "1.5"},
      {{TypeKind::kDouble}, "-2.25"},
      {{TypeKind::kBoolean}, "true"},
      {text(TypeKind::kChar, 3), "abc"},
      {text(TypeKind::kVarchar, 30), "it's \\ \"ü\" \t🙂"},
      {{TypeKind::kDate}, "1969-12-31"},
      {{TypeKind::kTimestamp}, "1999-12-31T23:59:59.999999Z"},
      {{TypeKind::kTimestampTz}, "1999-12-31T23:59:59.999999Z"},
      {text(TypeKind::kSuper, 65'535), R"({"a": [1, 2]})"}};
  Table table;
  table.schema.schema = "tracking";
  table.schema.name = "types";
  std::vector<WarehouseHarness::FileColumn> columns;
  PlannedObject object = Put({.key = "types"});
  const std::string id = std::to_string(object.object);
  WarehouseHarness::Rows rows(2);
  for (const auto& [type, value] : values) {
    const std::string name = fmt::format("c{}", columns.size());
    table.schema.columns.push_back({name, type, columns.empty()});
    table.sources.push_back({{name}, {}});
    columns.push_back({name, type});
    rows[0].push_back(value);
    rows[1].push_back(columns.size() == 1 ? std::optional<std::string>("other") : std::nullopt);
  }
  table.unique = {0};
  columns.push_back({"sluice_object", {TypeKind::kBigInt}});
  columns.push_back({"sluice_line", {TypeKind::kInteger}});
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].push_back(id);
    rows[i].push_back(std::to_string(i + 1));
  }
  harness_->WriteFile("types.parquet", columns, rows, {});
  TableSet tables;
  tables.tables = {table};
  object.tables = {{.table = 0, .parquet = "types.parquet", .routed = 2}};
  object.lines = 2;
  const auto warehouse = harness_->Open(tables, nullptr, "types");
  ASSERT_TRUE(warehouse->Prepare());
  const auto loaded = Load(*warehouse, Plan({object}));
  ASSERT_TRUE(loaded) << loaded.error().message();
  auto found = warehouse->SampleRows(table, 10);
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_EQ(found->size(), 2U);
  if ((*found)[0][0] != "id") std::swap((*found)[0], (*found)[1]);
  for (size_t i = 0; i < values.size(); ++i) {
    std::string wanted = values[i].second;
    if (wanted.ends_with('Z')) wanted = "1999-12-31 23:59:59.999999";
    EXPECT_EQ((*found)[0][i], wanted) << ToSql(values[i].first);
    if (i == 0) continue;
    EXPECT_EQ((*found)[1][i], std::nullopt) << ToSql(values[i].first);
  }
  // Once more, with another text: it is a duplicate that differs, and equal ones do not.
  PlannedObject again = Put({.key = "again"});
  rows[0][values.size()] = rows[1][values.size()] = std::to_string(again.object);
  rows[1][1] = "7";
  harness_->WriteFile("again.parquet", columns, rows, {});
  again.tables = {{.table = 0, .parquet = "again.parquet", .routed = 2}};
  again.lines = 2;
  ASSERT_TRUE(Load(*warehouse, Plan({again})));
  EXPECT_THAT(Column("SELECT differs::VARCHAR FROM sluice.duplicates ORDER BY line"),
              ElementsAre("0", "1"));
}

TEST_P(WarehouseContract, RowsCanBeCountedSampledAndDescribed) {
  MustLoad({Put({.key = "a", .utm = {{"u", 0, std::nullopt}}})});
  EXPECT_EQ(warehouse_->CountRows(tables_.tables[1]), 1u);
  const auto rows = warehouse_->SampleRows(tables_.tables[1], 5);
  ASSERT_TRUE(rows);
  EXPECT_THAT(*rows, ElementsAre(ElementsAre("u", std::nullopt)));
  const auto columns = warehouse_->Describe(tables_.tables[0]);
  ASSERT_TRUE(columns);
  ASSERT_EQ(columns->size(), 6u);
  EXPECT_EQ((*columns)[5].name, "a\"b");
  EXPECT_TRUE((*columns)[1].not_null);
  Table missing = tables_.tables[0];
  missing.schema.name = "nowhere";
  EXPECT_EQ(warehouse_->Describe(missing).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(warehouse_->CountRows(missing).error().kind(), ErrorKind::kNotFound);
}

TEST_P(WarehouseContract, C24TimesAreUtcWhateverTheLocalZone) {
  SystemClock clock;
  const Timestamp before = clock.Now();
  MustLoad({Put({.key = "a", .events = {{"1", 1}}})});
  EXPECT_EQ(One("SELECT \"at\"::VARCHAR FROM tracking.events"), "2024-10-04 00:01:00");
  EXPECT_EQ(One("SELECT min_time::VARCHAR FROM sluice.ledger WHERE table_name = '*'"),
            "2024-10-04 00:01:00");
  const auto loaded_at = FromSqlTime(One("SELECT DISTINCT loaded_at::VARCHAR FROM sluice.ledger"));
  ASSERT_TRUE(loaded_at);
  const auto less_than_a_zone = std::chrono::minutes(10);
  EXPECT_THAT(*loaded_at, AllOf(Ge(before - less_than_a_zone), Le(clock.Now() + less_than_a_zone)));
}

TEST_P(WarehouseContract, C16EmptyLedgerOverRowsIsSeen) {
  EXPECT_TRUE(warehouse_->Probe()->ledger_is_empty);
  EXPECT_FALSE(warehouse_->Probe()->tables_hold_rows);
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
  EXPECT_FALSE(warehouse_->Probe()->ledger_is_empty);
  harness_->Execute("DELETE FROM sluice.ledger");
  const auto state = warehouse_->Probe();
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->ledger_exists);
  EXPECT_TRUE(state->ledger_is_empty);
  EXPECT_TRUE(state->tables_hold_rows);
}

TEST_P(WarehouseContract, OlderLedgerIsRefused) {
  harness_->Execute("UPDATE sluice.version SET version = version - 1");
  const auto probed = warehouse_->Probe();
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(probed.error().message(), HasSubstr("made by an older sluice"));
  EXPECT_FALSE(warehouse_->Prepare());
  EXPECT_FALSE(Load({Put({.key = "a", .events = {{"1"}}})}));
}

TEST_P(WarehouseContract, NewerLedgerIsRefused) {
  harness_->Execute("UPDATE sluice.version SET version = version + 1");
  const auto probed = warehouse_->Probe();
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().kind(), ErrorKind::kPermanent);
  EXPECT_FALSE(warehouse_->Prepare());
  EXPECT_FALSE(Load({Put({.key = "a", .events = {{"1"}}})}));
}

// Where rows lie is Redshift's; the others make the same tables without it.
TEST_P(WarehouseContract, TablesOfEveryLayoutAreMade) {
  using Lies = TableLayout::Distribution;
  using Sorted = TableLayout::SortOrder;
  const TableLayout even = {
      .distribution = Lies::kEven, .sort_order = Sorted::kAuto, .encode_auto = true};
  const TableLayout all = {
      .distribution = Lies::kAll, .sort_order = Sorted::kInterleaved, .sort_key = {0}};
  TableSet tables;
  for (const TableLayout& layout : {even, all, TableLayout{.distribution = Lies::kAuto}}) {
    Table& table = tables.tables.emplace_back(tables_.tables[1]);
    table.schema.name = fmt::format("laid_out_{}", tables.tables.size());
    table.schema.columns[1].encoding = "text255";
    table.schema.layout = layout;
  }
  UseTables(tables);
  for (const Table& table : tables_.tables) EXPECT_EQ(warehouse_->CountRows(table), 0u);
}

TEST_P(WarehouseContract, PrepareTwiceChangesNothing) {
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
  const auto state = EndState();
  ASSERT_TRUE(warehouse_->Prepare());
  EXPECT_EQ(EndState(), state);
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM sluice.lock"), "1");
}

TEST_P(WarehouseContract, TwoPipelinesShareOneLedger) {
  const auto other = harness_->Open(tables_, nullptr, "it's another");
  ASSERT_TRUE(other->Prepare());
  MustLoad({Put({.key = "a", .events = {{"1"}}})});
  EXPECT_TRUE(other->Probe()->ledger_is_empty);
  EXPECT_TRUE(Load(*other, Plan({Put({.key = "a", .events = {{"1"}, {"2"}}})})));
  EXPECT_EQ(One("SELECT count(*)::VARCHAR FROM tracking.events"), "2");
}

}  // namespace
}  // namespace sluice
