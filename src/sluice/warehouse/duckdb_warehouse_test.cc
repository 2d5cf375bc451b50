// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/duckdb_warehouse.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "sluice/warehouse/duckdb_load.h"
#include "sluice/warehouse/sql_text.h"
#include "tests/contract/warehouse_contract.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

class DuckDbHarness : public WarehouseHarness {
 public:
  DuckDbHarness() {
    static std::atomic<int> made = 0;
    folder_ = std::filesystem::path(::testing::TempDir()) /
              fmt::format("sluice-warehouse-{}-{}", ::getpid(), ++made);
    std::filesystem::create_directories(folder_);
  }
  ~DuckDbHarness() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<WarehouseHarness> Clone() override {
    auto clone = std::make_unique<DuckDbHarness>();
    std::filesystem::copy(folder_, clone->folder_, std::filesystem::copy_options::recursive);
    return clone;
  }

  DuckDbOptions Options() const {
    return {.path = folder_ / "warehouse.duckdb",
            .name = "tracking",
            .parquet_root = folder_ / "store",
            .quarantine_root = folder_ / "store",
            .threads = 2,
            .memory = MiB(256)};
  }

  std::unique_ptr<Warehouse> Open(const TableSet& tables, FaultPlan* faults,
                                  const std::string& pipeline) override {
    DuckDbOptions options = Options();
    options.faults = faults;
    options.name = pipeline;
    return std::make_unique<DuckDbWarehouse>(options, tables, clock_);
  }

  void WriteFile(const std::string& key, const std::vector<FileColumn>& columns, const Rows& rows,
                 const std::optional<std::string>& table_key) override {
    std::string casts, values;
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool is_time = columns[i].type.kind == TypeKind::kTimestamp;
      casts += fmt::format(
          "{}CAST(c{} AS {}) AS {}", i == 0 ? "" : ", ", i,
          is_time ? "TIMESTAMPTZ" : SqlDialect(SqlDialect::Kind::kDuckDb).Type(columns[i].type),
          QuoteIdentifier(columns[i].name));
    }
    for (const auto& row : rows) {
      values += values.empty() ? "(" : ", (";
      for (size_t i = 0; i < row.size(); ++i) {
        values += (i == 0 ? "" : ", ") + (row[i] ? QuoteLiteral(*row[i]) : "NULL");
      }
      values += ")";
    }
    std::string names;
    for (size_t i = 0; i < columns.size(); ++i)
      names += fmt::format("{}c{}", i == 0 ? "" : ", ", i);
    const std::string path = MakeFolder(key);
    const std::string metadata =
        table_key ? fmt::format(", KV_METADATA {{{}: {}}}", QuoteLiteral(kKeyInMetadata),
                                QuoteLiteral(*table_key))
                  : "";
    Run(folder_ / "writer.duckdb",
        fmt::format("COPY (SELECT {} FROM (VALUES {}) v({})) TO {} (FORMAT parquet{})", casts,
                    values, names, QuoteLiteral(path), metadata));
  }

  void WriteBytes(const std::string& key, std::string_view bytes) override {
    std::ofstream(MakeFolder(key), std::ios::binary) << bytes;
  }

  Rows Execute(const std::string& sql) override { return Run(Options().path, sql); }

  void Tamper(StagedLoad& load, const std::string& sql) override {
    const Status done = dynamic_cast<DuckDbLoad&>(load).session()->Run("tamper", sql);
    EXPECT_TRUE(done) << done.error().message();
  }

 private:
  std::string MakeFolder(const std::string& key) {
    const std::filesystem::path path = folder_ / "store" / key;
    std::filesystem::create_directories(path.parent_path());
    return path;
  }

  static Rows Run(const std::string& path, const std::string& sql) {
    const auto session = DuckDbSession::Open({.path = path, .memory = MiB(256)});
    EXPECT_TRUE(session) << session.error().message();
    if (!session) return {};
    EXPECT_TRUE((*session)->Run("use", "USE wh"));
    if (!sql.starts_with("SELECT")) {
      const Status done = (*session)->Run("by hand", sql);
      EXPECT_TRUE(done) << done.error().message();
      return {};
    }
    const auto rows = (*session)->Query("by hand", sql);
    EXPECT_TRUE(rows) << rows.error().message();
    return rows ? *rows : Rows();
  }

  std::filesystem::path folder_;
  SystemClock clock_;
};

INSTANTIATE_TEST_SUITE_P(DuckDb, WarehouseContract,
                         ::testing::Values(WarehouseContractParam{
                             "DuckDb", [] { return std::make_unique<DuckDbHarness>(); }}),
                         [](const auto& tested) { return tested.param.name; });

class DuckDbWarehouseTest : public ::testing::Test {
 protected:
  DuckDbWarehouse Open() { return DuckDbWarehouse(harness_.Options(), tables_, clock_); }

  DuckDbHarness harness_;
  TableSet tables_;
  FakeClock clock_;
};

TEST_F(DuckDbWarehouseTest, WithoutAFileThereIsNothingAndReadersMakeNone) {
  DuckDbWarehouse warehouse = Open();
  EXPECT_FALSE(warehouse.Probe()->ledger_exists);
  EXPECT_FALSE((*warehouse.Peek(std::vector<int64_t>{1}))[0].state);
  EXPECT_EQ(warehouse.Balance()->size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(harness_.Options().path));
}

TEST_F(DuckDbWarehouseTest, LoadWithoutLedgerSaysWhatToDo) {
  const auto staged = Open().Stage({.batch = "b", .objects = {}});
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(staged.error().message(), HasSubstr("prepare it first"));
}

TEST_F(DuckDbWarehouseTest, FileThatCannotBeLookedForIsNoBadData) {
  tables_.tables.push_back({.schema = {.name = "t", .columns = {{"id", {TypeKind::kBigInt}}}}});
  DuckDbWarehouse warehouse = Open();
  ASSERT_TRUE(warehouse.Prepare());
  std::filesystem::create_directories(harness_.Options().parquet_root);
  std::filesystem::create_symlink("loop", harness_.Options().parquet_root + "/loop");
  const auto stage = [&](const std::string& key) {
    PlannedObject object{.object = 1, .raw_key = "a", .lines = 1};
    object.tables = {{.parquet = key, .routed = 1}};
    const auto staged = warehouse.Stage({.batch = "b", .objects = {object}});
    EXPECT_FALSE(staged);
    return staged ? ErrorKind::kConflict : staged.error().kind();
  };
  EXPECT_EQ(stage("loop"), ErrorKind::kTransient);
  EXPECT_EQ(stage("none"), ErrorKind::kBadData);
  EXPECT_EQ(stage("none/none"), ErrorKind::kBadData);
}

// With a real file in each: only DuckDB knows what it takes for a pattern.
TEST_F(DuckDbWarehouseTest, FolderOfTheStoreMayHavePatternsInItsName) {
  tables_.tables.push_back(
      {.schema = {.name = "t", .columns = {{"id", {TypeKind::kBigInt}}}}, .unique = {}});
  ASSERT_TRUE(Open().Prepare());
  int64_t objects = 0;
  const auto stage = [&](const std::string& folder) -> Result<std::unique_ptr<StagedLoad>> {
    PlannedObject object{.object = ++objects, .raw_key = folder, .lines = 1};
    object.tables = {{.parquet = "x.parquet", .routed = 1}};
    const std::string id = std::to_string(object.object);
    harness_.WriteFile(folder + "/x.parquet",
                       {{"id", {TypeKind::kBigInt}},
                        {"sluice_object", {TypeKind::kBigInt}},
                        {"sluice_line", {TypeKind::kInteger}}},
                       {{id, id, "1"}}, {});
    DuckDbOptions options = harness_.Options();
    options.parquet_root += "/" + folder;
    return DuckDbWarehouse(options, tables_, clock_).Stage({.batch = id, .objects = {object}});
  };
  for (const char* folder : {"a", "aa", "a1", "a*", "a?", "a[1]", "[a]", "a]", "a\\1", "it's",
                             "{a,a1}", "**", "a[!1]", "a:b", "c/a[1]/b*"}) {
    const auto staged = stage(folder);
    ASSERT_TRUE(staged) << staged.error().message();
    const auto committed = (*staged)->Commit();
    ASSERT_TRUE(committed) << folder << committed.error().message();
  }
  EXPECT_EQ(harness_.Execute("SELECT id::VARCHAR FROM t").size(), static_cast<size_t>(objects));
  for (const char* folder : {"a\\[1]", "b\\c/d*"}) {
    const auto staged = stage(folder);
    ASSERT_FALSE(staged) << folder;
    EXPECT_EQ(staged.error().kind(), ErrorKind::kPermanent);
    EXPECT_THAT(staged.error().message(), HasSubstr("another folder"));
  }
}

TEST_F(DuckDbWarehouseTest, StopEndsALoadBeforeItsCommitAndNothingElse) {
  tables_.tables.push_back({.schema = {.name = "t", .columns = {{"id", {TypeKind::kBigInt}}}}});
  std::stop_source stop;
  DuckDbOptions options = harness_.Options();
  options.stop = stop.get_token();
  DuckDbWarehouse warehouse(options, tables_, clock_);
  ASSERT_TRUE(warehouse.Prepare());
  PlannedObject object{.object = 1, .raw_key = "a"};
  object.tables = {{}};
  const LoadPlan plan = {.batch = "b", .objects = {object}};
  auto staged = warehouse.Stage(plan);
  ASSERT_TRUE(staged) << staged.error().message();
  stop.request_stop();
  const auto committed = (*staged)->Commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind(), ErrorKind::kTransient);
  EXPECT_EQ(warehouse.Stage(plan).error().kind(), ErrorKind::kTransient);
  EXPECT_TRUE(warehouse.Probe()->ledger_is_empty);
  EXPECT_TRUE(warehouse.Settle(std::vector<Settlement>{{ObjectState::kHeld, object, "why"}}));
  EXPECT_EQ((*warehouse.Outcome(std::vector<int64_t>{1}))[0].state, ObjectState::kHeld);
}

TEST_F(DuckDbWarehouseTest, HolderOfTheLockFileIsNamed) {
  DuckDbWarehouse warehouse = Open();
  ASSERT_TRUE(warehouse.Prepare());
  const auto held = warehouse.Stage({.batch = "b", .objects = {}});
  ASSERT_TRUE(held);
  const auto probed = Open().Probe();
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().kind(), ErrorKind::kTransient);
  EXPECT_THAT(probed.error().message(),
              HasSubstr(fmt::format("pid={} command=\"warehouse_test", ::getpid())));
  const auto committed = (*held)->Commit();
  EXPECT_TRUE(committed) << committed.error().message();
  EXPECT_TRUE(Open().Probe());  // Commit closed the database
}

TEST_F(DuckDbWarehouseTest, ProgramThatHoldsTheDatabaseIsNamed) {
  ASSERT_TRUE(Open().Prepare());
  int ready[2], done[2];
  ASSERT_EQ(::pipe(ready) + ::pipe(done), 0);
  const pid_t child = ::fork();
  char byte = 'x';
  if (child == 0) {
    const auto session = DuckDbSession::Open({.path = harness_.Options().path});
    std::ignore = ::write(ready[1], &byte, 1);
    std::ignore = ::read(done[0], &byte, 1);
    ::_exit(0);
  }
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  DuckDbOptions impatient = harness_.Options();
  impatient.lock_wait = std::chrono::milliseconds(300);
  const auto probed = DuckDbWarehouse(impatient, tables_, clock_).Probe();
  std::ignore = ::write(done[1], &byte, 1);
  ::waitpid(child, nullptr, 0);
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().kind(), ErrorKind::kTransient);
  EXPECT_THAT(probed.error().message(), HasSubstr(fmt::format("PID {}", child)));
}

TEST_F(DuckDbWarehouseTest, FileThatIsNoDatabaseIsLeftAlone) {
  std::ofstream(harness_.Options().path) << "precious notes of somebody else";
  const Status prepared = Open().Prepare();
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().kind(), ErrorKind::kPermanent);
  EXPECT_EQ(std::filesystem::file_size(harness_.Options().path), 31u);
}

TEST_F(DuckDbWarehouseTest, MissingLibraryIsAClearError) {
  ::setenv("SLUICE_DUCKDB_LIBRARY", "/nowhere/libduckdb.so", 1);
  const Status prepared = Open().Prepare();
  ::unsetenv("SLUICE_DUCKDB_LIBRARY");
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().message(), HasSubstr("/nowhere/libduckdb.so"));
}

}  // namespace
}  // namespace sluice
