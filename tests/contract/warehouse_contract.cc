// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/warehouse_contract.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "sluice/base/hash.h"
#include "sluice/schema/quarantine_schema.h"

namespace sluice {
namespace {

using FileColumn = WarehouseHarness::FileColumn;

constexpr Timestamp kMidnight = Timestamp(std::chrono::days(20'000));

ColumnType Text(int32_t length) {
  return {.kind = TypeKind::kVarchar, .length = length};
}

Table MakeTable(std::string name, std::vector<Column> columns) {
  Table table;
  table.schema.schema = "tracking";
  table.schema.name = std::move(name);
  table.schema.columns = std::move(columns);
  for (const Column& column : table.schema.columns) table.sources.push_back({{column.name}, {}});
  table.unique = {0};
  return table;
}

TableSet MakeTables() {
  const ColumnType time = {.kind = TypeKind::kTimestamp};
  TableSet tables;
  tables.tables.push_back(MakeTable("events", {{"request_id", {TypeKind::kChar, 36}, true},
                                               {"at", time, true},
                                               {"location", Text(5000)},
                                               {"order", {TypeKind::kInteger}},
                                               {"rowid", {TypeKind::kInteger}},
                                               {"a\"b", Text(30)}}));
  tables.tables[0].time = 1;
  tables.tables[0].schema.layout = {.distribution = TableLayout::Distribution::kKey,
                                    .distribution_key = 0,
                                    .sort_order = TableLayout::SortOrder::kCompound,
                                    .sort_key = {1, 0}};
  tables.tables[0].schema.columns[2].encoding = "zstd";
  tables.tables.push_back(
      MakeTable("utm", {{"request_id", Text(56), true}, {"source", Text(255)}}));
  return tables;
}

}  // namespace

std::vector<FileColumn> ColumnsOf(const Table& table) {
  std::vector<FileColumn> columns;
  for (const Column& column : table.schema.columns) columns.push_back({column.name, column.type});
  columns.push_back({"sluice_object", {.kind = TypeKind::kBigInt}});
  columns.push_back({"sluice_line", {.kind = TypeKind::kInteger}});
  return columns;
}

int RunInChild(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

bool WarehouseHarness::AtOnce(int count, const std::function<bool(int)>& work) {
  std::vector<pid_t> children;
  for (int i = 0; i < count; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work(i) ? 0 : 1);
    children.push_back(child);
  }
  bool is_good = true;
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    is_good = is_good && status == 0;
  }
  return is_good;
}

WarehouseContract::WarehouseContract() : tables_(MakeTables()) {}

void WarehouseContract::SetUp() {
  harness_ = GetParam().make();
  warehouse_ = harness_->Open(tables_);
  const Status prepared = warehouse_->Prepare();
  ASSERT_TRUE(prepared) << prepared.error().message();
}

void WarehouseContract::UseTables(TableSet tables) {
  warehouse_.reset();
  tables_ = std::move(tables);
  warehouse_ = harness_->Open(tables_);
  const Status prepared = warehouse_->Prepare();
  ASSERT_TRUE(prepared) << prepared.error().message();
}

PlannedObject WarehouseContract::Put(WarehouseHarness& harness, const Raw& raw) {
  PlannedObject object;
  object.store = raw.store;
  object.identity = fmt::format("{}{}#{}", raw.store, raw.key, raw.etag);
  object.object = First63Bits(Sha256Of(object.identity));
  object.raw_key = raw.key;
  object.content = raw.content.empty() ? ToHex(Sha256Of(object.identity)) : raw.content;
  object.version = raw.version;
  object.revision = "r1";
  object.no_route = static_cast<uint64_t>(raw.no_route);
  object.dropped = static_cast<uint64_t>(raw.dropped);
  object.tables = {{.table = 0}, {.table = 1}};
  const std::string id = std::to_string(object.object), stem = raw.key + "-" + raw.etag;
  int line = 0;
  const auto put_table = [&](size_t table, const std::vector<Row>& rows) {
    PlannedTable& part = object.tables[table];
    WarehouseHarness::Rows values;
    for (const Row& row : rows) {
      const std::string line_text = std::to_string(++line);
      if (table == 1) {
        values.push_back({row.id, row.text, id, line_text});
        continue;
      }
      const Timestamp at = kMidnight + std::chrono::minutes(row.minute);
      part.min_time = std::min(part.min_time.value_or(at), at);
      part.max_time = std::max(part.max_time.value_or(at), at);
      values.push_back({row.id, ToIso8601(at), row.text, "7", "7", row.text, id, line_text});
    }
    part.routed = rows.size();
    if (rows.empty()) return;
    part.parquet =
        fmt::format("date=2026-11-23/14/{}/{}.parquet", tables_.tables[table].name(), stem);
    harness.WriteFile(part.parquet, ColumnsOf(tables_.tables[table]), values,
                      table == 1 ? raw.utm_key : std::nullopt);
  };
  put_table(0, raw.events);
  put_table(1, raw.utm);

  WarehouseHarness::Rows bad;
  for (int i = 0; i < raw.bad_events + raw.no_route; ++i) {
    const bool has_table = i < raw.bad_events;
    bad.push_back({id, has_table ? "events" : "*", std::to_string(++line), "100", "9",
                   has_table ? "bad_value" : "no_route",
                   has_table ? std::optional("at") : std::nullopt, "utf8", "{\"a\":'1'}"});
  }
  if (!bad.empty()) {
    std::vector<FileColumn> columns;
    for (const auto& column : QuarantineColumns()) columns.push_back({column.name, column.type});
    object.quarantine = fmt::format("date=2026-11-23/14/{}.parquet", stem);
    harness.WriteFile(object.quarantine, columns, bad, {});
  }
  object.quarantined = bad.size();
  object.tables[0].routed += static_cast<uint64_t>(raw.bad_events);
  object.tables[0].quarantined = static_cast<uint64_t>(raw.bad_events);
  object.lines =
      object.tables[0].routed + object.tables[1].routed + object.no_route + object.dropped;
  return object;
}

PlannedObject WarehouseContract::PutPart(const PlannedObject& raw, const std::vector<Again>& again,
                                         const std::string& attempt) {
  PlannedObject part = raw;
  part.identity = raw.identity + "+replay-" + attempt;
  part.object = First63Bits(Sha256Of(part.identity));
  part.no_route = part.dropped = part.quarantined = 0;
  part.quarantine.clear();
  part.tables = {{.table = 0}, {.table = 1}};
  part.replay = PlannedReplay{.of = raw.object, .events = {}};
  const std::string id = std::to_string(part.object);
  WarehouseHarness::Rows values[2];
  for (const Again& event : again) {
    ReplayedEvent replayed{.line = static_cast<uint64_t>(event.line), .was_table = event.was_table};
    replayed.passes = event.reason.empty();
    replayed.changes = true;
    const std::string line = std::to_string(event.line);
    for (const Row& row : event.events) {
      const Timestamp at = kMidnight + std::chrono::minutes(row.minute);
      part.tables[0].min_time = std::min(part.tables[0].min_time.value_or(at), at);
      part.tables[0].max_time = std::max(part.tables[0].max_time.value_or(at), at);
      values[0].push_back({row.id, ToIso8601(at), row.text, "7", "7", row.text, id, line});
    }
    for (const Row& row : event.utm) values[1].push_back({row.id, row.text, id, line});
    if (!replayed.passes) {  // for the table that it was for
      replayed.table = event.was_table;
      replayed.reason = event.reason;
      ++part.quarantined;
      ++(event.was_table == "*" ? part.no_route : part.tables[0].routed);
      if (event.was_table != "*") ++part.tables[0].quarantined;
    } else if (event.events.empty() && event.utm.empty()) {
      ++part.dropped;
    }
    part.replay->events.push_back(replayed);
  }
  for (size_t table = 0; table < 2; ++table) {
    part.tables[table].routed += values[table].size();
    if (values[table].empty()) continue;
    part.tables[table].parquet =
        fmt::format("date=2026-11-23/14/{}/{}-{}-replay-{}.parquet", tables_.tables[table].name(),
                    raw.raw_key, raw.object, attempt);
    harness_->WriteFile(part.tables[table].parquet, ColumnsOf(tables_.tables[table]), values[table],
                        {});
  }
  return part;
}

Result<std::vector<ObjectOutcome>> WarehouseContract::Replay(std::vector<PlannedObject> parts) {
  LoadPlan plan = Plan(std::move(parts));
  plan.replays = true;
  return Load(*warehouse_, plan);
}

void WarehouseContract::MustReplay(std::vector<PlannedObject> parts) {
  const auto outcomes = Replay(std::move(parts));
  ASSERT_TRUE(outcomes) << Name(outcomes.error().kind()) << ": " << outcomes.error().message();
  for (const ObjectOutcome& outcome : *outcomes) EXPECT_EQ(outcome.state, ObjectState::kLoaded);
}

LoadPlan WarehouseContract::Plan(std::vector<PlannedObject> objects) {
  return {.batch = fmt::format("batch-{}-{}", ::getpid(), ++batches_),
          .objects = std::move(objects),
          .replaces = false,
          .replays = false};
}

Result<std::vector<ObjectOutcome>> WarehouseContract::Load(Warehouse& warehouse,
                                                           const LoadPlan& plan) {
  SLUICE_ASSIGN(const std::unique_ptr<StagedLoad> staged, warehouse.Stage(plan));
  return staged->Commit();
}

Result<std::vector<ObjectOutcome>> WarehouseContract::Load(std::vector<PlannedObject> objects) {
  return Load(*warehouse_, Plan(std::move(objects)));
}

std::vector<ObjectOutcome> WarehouseContract::MustLoad(std::vector<PlannedObject> objects) {
  const size_t count = objects.size();
  auto outcomes = Load(std::move(objects));
  if (!outcomes) {
    ADD_FAILURE() << Name(outcomes.error().kind()) << ": " << outcomes.error().message();
    return std::vector<ObjectOutcome>(count);
  }
  return *outcomes;
}

std::vector<ObjectState> WarehouseContract::States(const std::vector<ObjectOutcome>& outcomes) {
  std::vector<ObjectState> states;
  for (const ObjectOutcome& outcome : outcomes) {
    EXPECT_TRUE(outcome.state.has_value());
    states.push_back(outcome.state.value_or(ObjectState::kVanished));
  }
  return states;
}

LoadPlan WarehouseContract::ReplacePlan(std::vector<PlannedObject> objects) {
  LoadPlan plan = Plan(std::move(objects));
  plan.replaces = true;
  return plan;
}

Result<std::vector<ObjectOutcome>> WarehouseContract::Replace(std::vector<PlannedObject> objects) {
  return Load(*warehouse_, ReplacePlan(std::move(objects)));
}

void WarehouseContract::MustReplace(std::vector<PlannedObject> objects) {
  const auto outcomes = Replace(std::move(objects));
  ASSERT_TRUE(outcomes) << Name(outcomes.error().kind()) << ": " << outcomes.error().message();
  for (const ObjectOutcome& outcome : *outcomes) EXPECT_EQ(outcome.state, ObjectState::kLoaded);
}

std::vector<std::string> WarehouseContract::Column(const std::string& sql) {
  std::vector<std::string> values;
  for (const auto& row : harness_->Execute(sql)) {
    std::string value = row[0].value_or("NULL");
    // What a CHAR is filled up with.
    if (const size_t end = value.find_last_not_of(' '); end != std::string::npos)
      value.resize(end + 1);
    values.push_back(std::move(value));
  }
  return values;
}

std::string WarehouseContract::One(const std::string& sql) {
  const std::vector<std::string> values = Column(sql);
  return values.size() == 1 ? values[0] : fmt::format("{} rows", values.size());
}

std::vector<std::string> WarehouseContract::EndState(WarehouseHarness& harness) {
  std::vector<std::string> state;
  for (const auto& row : harness.Execute(
           "SELECT row('events', request_id, \"at\", \"location\", \"order\", "
           "\"a\"\"b\")::VARCHAR FROM tracking.events UNION ALL "
           "SELECT row('utm', request_id, source)::VARCHAR FROM tracking.utm UNION ALL "
           "SELECT row('ledger', name, object_identity, table_name, state, lines, no_route, "
           "dropped, routed, staged, loaded, duplicates, differing, quarantined, min_time, "
           "max_time, replay_of)::VARCHAR FROM sluice.ledger UNION ALL "
           "SELECT row('duplicates', table_name, object, line, event_key, event_time, "
           "differs)::VARCHAR FROM sluice.duplicates UNION ALL "
           "SELECT row('quarantine', object, table_name, line, at_byte, length, reason, "
           "column_name, encoding, payload, part, accepted, ended_at IS NULL)::VARCHAR FROM "
           "sluice.quarantine")) {
    state.push_back(row[0].value_or("NULL"));
  }
  std::ranges::sort(state);
  return state;
}

std::vector<PlannedObject> WarehouseContract::Difficult(WarehouseHarness& harness) {
  return {Put(harness, {.key = "a",
                        .events = {{"1", 0}, {"2", 1}, {"1", 0}},
                        .utm = {{"u1"}},
                        .bad_events = 2,
                        .no_route = 1,
                        .dropped = 1}),
          Put(harness,
              {.key = "b", .events = {{"2", 1, "other"}, {"3", 500}}, .utm = {{"u1"}, {"u2"}}}),
          Put(harness, {.key = "c", .utm = {{"u3", 0, std::nullopt}, {"u3", 0, std::nullopt}}})};
}

void WarehouseContract::FailAtEachStatement(const std::function<LoadPlan()>& plan) {
  const auto before = EndState();
  int points = 0;
  for (const char* kind : {"fail-before", "fail-after"}) {
    for (int n = 1;; ++n) {
      auto faults = FaultPlan::Parse(fmt::format("{}:{}", kind, n));
      const auto loaded = Load(*harness_->Open(tables_, faults->get()), plan());
      if ((*faults)->struck().empty() || (*faults)->struck() == "commit") break;
      ++points;
      EXPECT_FALSE(loaded) << kind << n;
      ASSERT_EQ(EndState(), before) << kind << n << (*faults)->struck();
    }
  }
  EXPECT_GE(points, harness_->fewest_points());
}

bool WarehouseContract::LoadInterrupted(const std::string& fault_plan,
                                        const std::vector<std::string>& undisturbed) {
  const std::unique_ptr<WarehouseHarness> harness = harness_->Clone();
  const std::vector<PlannedObject> objects = difficult_;
  const int status = RunInChild([&] {
    const auto faults = FaultPlan::Parse(fault_plan);
    const auto loaded = Load(*harness->Open(tables_, faults->get()), Plan(objects));
    if (!loaded) ::_exit(7);
  });
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << fault_plan << " " << status;

  const auto again = Load(*harness->Open(tables_), Plan(objects));
  EXPECT_TRUE(again) << fault_plan << ": " << again.error().message();
  if (again) {
    for (const ObjectOutcome& outcome : *again) EXPECT_EQ(outcome.state, ObjectState::kLoaded);
  }
  EXPECT_EQ(EndState(*harness), undisturbed) << fault_plan;
  return !WIFSIGNALED(status);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WarehouseContract);

}  // namespace sluice
