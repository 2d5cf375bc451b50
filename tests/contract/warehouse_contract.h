// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/fault_plan.h"
#include "sluice/schema/table.h"
#include "sluice/warehouse/warehouse.h"

namespace sluice {

// How the contract suite reaches a warehouse under test: one fresh database, and the stores beside
// it. What Warehouse itself cannot do, a harness does by hand.
class WarehouseHarness {
 public:
  using Rows = std::vector<std::vector<std::optional<std::string>>>;
  struct FileColumn {
    std::string name;
    ColumnType type;
  };

  virtual ~WarehouseHarness() = default;
  // Another database and other stores with the same content.
  virtual std::unique_ptr<WarehouseHarness> Clone() = 0;
  // Another Warehouse on the same database; may be called in a forked child. `tables` and `faults`
  // outlive it.
  virtual std::unique_ptr<Warehouse> Open(const TableSet& tables, FaultPlan* faults = nullptr,
                                          const std::string& pipeline = "tracking") = 0;
  // A Parquet file in the Parquet and the quarantine store; values as text, absent is NULL. Its
  // metadata says that `table_key` is the key of its table, if anything.
  virtual void WriteFile(const std::string& key, const std::vector<FileColumn>& columns,
                         const Rows& rows, const std::optional<std::string>& table_key) = 0;
  // Writes bytes that are no Parquet.
  virtual void WriteBytes(const std::string& key, std::string_view bytes) = 0;
  // A statement of somebody else; tables are named schema.table. Rows as text.
  virtual Rows Execute(const std::string& sql) = 0;
  // A statement in the session of a staged load.
  virtual void Tamper(StagedLoad& load, const std::string& sql) = 0;
  // Makes a column NOT NULL, by somebody else's hand.
  virtual void RequireValues(const std::string& table, const std::string& column) {
    Execute("ALTER TABLE " + table + " ALTER COLUMN " + column + " SET NOT NULL");
  }
  // `work` with 0 … count - 1 at once, each in a process of its own, or in a thread where the
  // client has threads, which no fork takes along. True when all say so.
  virtual bool AtOnce(int count, const std::function<bool(int)>& work);
  // How many operations of a load a FaultPlan can strike at, before and after: fewer where a
  // transaction is one message.
  virtual int fewest_points() const { return 60; }
  // How often what is tried at random is tried.
  virtual int rounds() const { return 25; }
  // Whether a failed assertion comes with the numbers or the reason.
  virtual bool says_why() const { return true; }
};

struct WarehouseContractParam {
  std::string name;
  std::function<std::unique_ptr<WarehouseHarness>()> make;
};

// Of a table's Parquet files: its own, and where each row came from.
std::vector<WarehouseHarness::FileColumn> ColumnsOf(const Table& table);

// Two tables: "events" with a time and awkward names, "utm" without a time. Every fault number is
// one of the catalogue that docs/architecture.md refers to. The cases are in
// warehouse_contract_*.cc.
class WarehouseContract : public ::testing::TestWithParam<WarehouseContractParam> {
 protected:
  // One event. `minute` is of the events table only; `text` is all that is not the key.
  struct Row {
    std::string id;
    int minute = 0;
    std::optional<std::string> text = "same";
  };
  // A raw object: its Parquet is written, its counts are right.
  struct Raw {
    std::string key;
    std::vector<Row> events, utm;
    int bad_events = 0, no_route = 0, dropped = 0;
    std::string etag = "etag";
    std::string content = "";  // empty: made of the key and etag
    int64_t version = 1;
    std::string store = "file:///raw/";
    std::optional<std::string> utm_key = {};  // KeyText, if the Parquet for utm says it
  };

  // An event in quarantine that is tried again: it becomes a row of a table, or stays for a reason.
  struct Again {
    int line = 0;
    std::string was_table = "events";
    std::vector<Row> events = {}, utm = {};  // one of one of them, or none
    std::string reason = "";                 // stays
  };

  WarehouseContract();
  void SetUp() override;
  // Other tables than those two, in the same database.
  void UseTables(TableSet tables);

  PlannedObject Put(const Raw& raw) { return Put(*harness_, raw); }
  PlannedObject Put(WarehouseHarness& harness, const Raw& raw);
  // A replay's part of `raw`, its Parquet written. `attempt` tells two parts apart.
  PlannedObject PutPart(const PlannedObject& raw, const std::vector<Again>& again,
                        const std::string& attempt = "1");
  LoadPlan Plan(std::vector<PlannedObject> objects);
  LoadPlan ReplacePlan(std::vector<PlannedObject> objects);
  // Stage and Commit.
  Result<std::vector<ObjectOutcome>> Load(Warehouse& warehouse, const LoadPlan& plan);
  Result<std::vector<ObjectOutcome>> Load(std::vector<PlannedObject> objects);
  std::vector<ObjectOutcome> MustLoad(std::vector<PlannedObject> objects);
  // The same of a load that replaces.
  Result<std::vector<ObjectOutcome>> Replace(std::vector<PlannedObject> objects);
  void MustReplace(std::vector<PlannedObject> objects);
  // The same of parts that replay quarantine.
  Result<std::vector<ObjectOutcome>> Replay(std::vector<PlannedObject> parts);
  void MustReplay(std::vector<PlannedObject> parts);
  // Of outcomes that all have one.
  static std::vector<ObjectState> States(const std::vector<ObjectOutcome>& outcomes);

  // Everything in the database that a load writes, but for batches and times of day; sorted.
  std::vector<std::string> EndState() { return EndState(*harness_); }
  std::vector<std::string> EndState(WarehouseHarness& harness);
  std::string One(const std::string& sql);
  std::vector<std::string> Column(const std::string& sql);
  // The plan that the crash tests load: three objects, duplicates across and within, bad events.
  std::vector<PlannedObject> Difficult(WarehouseHarness& harness);
  // Loads a plan with a failure at each statement before the commit in turn, of which nothing may
  // be left; then the commit's reply is lost. A plan is made for each.
  void FailAtEachStatement(const std::function<LoadPlan()>& plan);
  // Loads `difficult_` in a child with that fault plan, then once more undisturbed, in a copy of
  // the database; true when the child came to its end.
  bool LoadInterrupted(const std::string& fault_plan, const std::vector<std::string>& undisturbed);

  TableSet tables_;
  std::unique_ptr<WarehouseHarness> harness_;
  std::unique_ptr<Warehouse> warehouse_;
  std::vector<PlannedObject> difficult_;  // set by tests that load it again and again
  int batches_ = 0;
};

// Runs `work` in a forked child and gives back what waitpid says.
int RunInChild(const std::function<void()>& work);

}  // namespace sluice
