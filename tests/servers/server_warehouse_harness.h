// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "sluice/aws/credentials_for_test.h"
#include "sluice/aws/http_client.h"
#include "sluice/object/directory_store.h"
#include "sluice/object/s3_store.h"
#include "sluice/warehouse/data_api_session.h"
#include "sluice/warehouse/postgres_session.h"
#include "sluice/warehouse/redshift_session.h"
#include "sluice/warehouse/server_warehouse.h"
#include "tests/contract/parquet_rows.h"
#include "tests/contract/warehouse_contract.h"

// The warehouses that are servers, which with_server.py starts, for the contract suite.
namespace sluice {

inline std::string Setting(const char* name) {
  const char* const value = std::getenv(name);
  EXPECT_NE(value, nullptr) << name << " is not set: run it by with_server.py";
  return value == nullptr ? "" : value;
}

// Whatever was there before.
inline void PutAnew(ObjectStore& store, const std::string& key, std::string_view bytes) {
  ASSERT_TRUE(store.Remove(key));
  auto object = store.Create(key);
  ASSERT_TRUE(object) << object.error().message();
  ASSERT_TRUE((*object)->Write(bytes));
  ASSERT_TRUE((*object)->Commit());
}

// What both have: sessions, and a store with files.
class ServerHarness : public WarehouseHarness {
 public:
  std::unique_ptr<Warehouse> Open(const TableSet& tables, FaultPlan* faults,
                                  const std::string& pipeline) override {
    return std::make_unique<ServerWarehouse>(
        Connector(faults),
        LedgerNames{.pipeline = pipeline, .schema = "sluice", .dialect = SqlDialect(dialect_)},
        tables, clock_);
  }

  void WriteFile(const std::string& key, const std::vector<FileColumn>& columns, const Rows& rows,
                 const std::optional<std::string>& table_key) override {
    WriteBytes(key, ParquetOf(columns, rows, table_key));
  }

  void WriteBytes(const std::string& key, std::string_view bytes) override {
    PutAnew(*store_, key, bytes);
  }

  void Tamper(StagedLoad& load, const std::string& sql) override {
    const Status done = dynamic_cast<ServerLoad&>(load).session()->Run("tamper", sql);
    EXPECT_TRUE(done) << done.error().message();
  }

  virtual std::unique_ptr<ServerConnector> Connector(FaultPlan* faults) = 0;

 protected:
  explicit ServerHarness(SqlDialect::Kind dialect) : dialect_(dialect) {}

  const SqlDialect::Kind dialect_;
  SystemClock clock_;
  std::shared_ptr<ObjectStore> store_;
};

// A database of its own in a PostgreSQL, and a folder with files.
class PostgresHarness : public ServerHarness {
 public:
  PostgresHarness()
      : PostgresHarness(" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'") {}
  ~PostgresHarness() override {
    std::filesystem::remove_all(folder_);
    Administer("DROP DATABASE " + database_ + " WITH (FORCE)");
  }

  std::unique_ptr<WarehouseHarness> Clone() override {
    std::unique_ptr<PostgresHarness> clone(new PostgresHarness(" TEMPLATE " + database_));
    std::filesystem::copy(folder_, clone->folder_, std::filesystem::copy_options::recursive);
    return clone;
  }

  Rows Execute(const std::string& sql) override { return Run(database_, sql); }

  int fewest_points() const override { return 20; }

  std::unique_ptr<ServerConnector> Connector(FaultPlan* faults) override {
    return std::make_unique<PostgresConnector>(
        WireOptions{.target = Target(database_), .timeouts = {}, .stop = {}, .faults = faults},
        StagedStores{store_.get(), store_.get()});
  }

  std::unique_ptr<PgConnection> Connect() const {
    return PgConnection::Open(Target(database_), {}, {}).value();
  }
  // Of a session with these times.
  Status TransactWith(std::chrono::milliseconds lock, std::chrono::milliseconds commit,
                      const std::vector<SqlStatement>& statements) {
    PostgresConnector connector({.target = Target(database_),
                                 .timeouts = {},
                                 .lock_timeout = lock,
                                 .commit_timeout = commit,
                                 .stop = {}},
                                StagedStores{store_.get(), store_.get()});
    const auto session = connector.Connect();
    if (!session) return std::unexpected(session.error());
    const auto done = (*session)->Transact(statements, std::nullopt);
    return done ? Status() : std::unexpected(done.error());
  }

 private:
  explicit PostgresHarness(const std::string& copied) : ServerHarness(SqlDialect::Kind::kPostgres) {
    static std::atomic<int> made = 0;
    database_ = fmt::format("contract_{}_{}", ::getpid(), ++made);
    folder_ = std::filesystem::path(::testing::TempDir()) / ("sluice-" + database_);
    store_ = DirectoryStore::At(folder_ / "store").value();
    Administer("CREATE DATABASE " + database_ + copied);
  }

  static PgTarget Target(const std::string& database) {
    return {.host = Setting("SLUICE_POSTGRES_HOST"),
            .port = std::stoi("0" + Setting("SLUICE_POSTGRES_PORT")),
            .database = database,
            .user = Setting("SLUICE_POSTGRES_USER"),
            .password = "",
            .ssl_mode = "disable",
            .ssl_root = "",
            .application_name = "contract"};
  }
  static void Administer(const std::string& sql) { Run("postgres", sql); }

  static Rows Run(const std::string& database, const std::string& sql) {
    const auto connection = PgConnection::Open(Target(database), {}, {});
    EXPECT_TRUE(connection) << connection.error().message();
    if (!connection) return {};
    const auto answers = (*connection)->Send(sql);
    EXPECT_TRUE(answers) << sql << ": " << answers.error().message();
    return answers && !answers->empty() ? answers->back().rows : Rows();
  }

  std::string database_;
  std::filesystem::path folder_;
};

// A database of its own in redshim, and a bucket with files. Another harness that is made of it
// shares its bucket: no test writes a file of another's.
class RedshimHarness : public ServerHarness {
 public:
  enum class Way { kWire, kDataApi };

  explicit RedshimHarness(Way way) : RedshimHarness(way, Setting("SLUICE_REDSHIM_DATABASE")) {
    const auto client =
        AwsClient::Make({.scope = {.service = "s3", .region = "us-east-1", .is_s3 = true},
                         .endpoint = *Bucket().bucket.endpoint,
                         .failures = {},
                         .read_failure = ReadXmlFailure},
                        credentials_, clock_)
            .value();
    if (const char* level = std::getenv("SLUICE_REDSHIM_ISOLATION"); level != nullptr) {
      Control("PUT", "/isolation", fmt::format(R"({{"level":"{}"}})", level));
      const bool is_serializable = Execute("SHOW transaction_isolation")[0][0] == "serializable";
      EXPECT_EQ(is_serializable, std::string_view(level) == "SERIALIZABLE");
    }
    const auto made = client->Call({.request = {.method = "PUT", .target = "/" + bucket_}});
    EXPECT_TRUE(made) << made.error().message();
    store_ = S3Store::Open(Bucket(), credentials_, clock_).value();
  }
  ~RedshimHarness() override { Control("DELETE", "/databases?name=" + database_, ""); }

  std::unique_ptr<WarehouseHarness> Clone() override {
    std::unique_ptr<RedshimHarness> clone(new RedshimHarness(way_, database_));
    clone->bucket_ = bucket_;
    clone->store_ = store_;
    return clone;
  }

  Rows Execute(const std::string& sql) override {
    PgTarget target = Target();
    target.user = Setting("SLUICE_REDSHIM_ADMIN");
    target.password = Setting("SLUICE_REDSHIM_ADMIN_PASSWORD");
    const auto connection = PgConnection::Open(target, {}, {});
    EXPECT_TRUE(connection) << connection.error().message();
    if (!connection) return {};
    const auto answers = (*connection)->Send(sql);
    EXPECT_TRUE(answers) << sql << ": " << answers.error().message();
    return answers && !answers->empty() ? answers->back().rows : Rows();
  }

  // Whether SYS_LOAD_ERROR_DETAIL knows of what fails from now on; STL_LOAD_ERRORS does.
  static void TellSysOfLoadErrors(bool does) {
    Control("PUT", "/load_errors", fmt::format(R"({{"recorded":true,"sys":{}}})", does));
  }

  int rounds() const override { return 8; }
  // Redshift cannot change that of a table that is there.
  void RequireValues(const std::string& table, const std::string& column) override {
    const std::string catalog =
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a JOIN pg_class "
        "c ON c.oid = "
        "a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND NOT "
        "a.attisdropped AND "
        "n.nspname || '.' || c.relname = '" +
        table + "' ORDER BY a.attnum";
    std::string columns;
    for (const auto& row : Execute(catalog)) {
      columns += fmt::format("{}{} {}{}{}", columns.empty() ? "" : ", ", QuoteIdentifier(*row[0]),
                             *row[1], row[0] == "made" ? " DEFAULT 5" : "",
                             row[0] == column || row[0] == "request_id" ? " NOT NULL" : "");
    }
    Execute("DROP TABLE " + table);
    Execute(fmt::format("CREATE TABLE {} ({})", table, columns));
  }
  bool AtOnce(int count, const std::function<bool(int)>& work) override {
    std::atomic<bool> is_good = true;
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        if (!work(i)) is_good = false;
      });
    }
    threads.clear();
    return is_good;
  }
  PgTarget Target() const {
    return {.host = Setting("SLUICE_REDSHIM_HOST"),
            .port = std::stoi("0" + Setting("SLUICE_REDSHIM_PORT")),
            .database = database_,
            .user = Setting("SLUICE_REDSHIM_ADMIN"),
            .password = Setting("SLUICE_REDSHIM_ADMIN_PASSWORD"),
            .ssl_mode = "verify-full",
            .ssl_root = Setting("SLUICE_REDSHIM_CA"),
            .application_name = "contract"};
  }

  int fewest_points() const override { return 16; }
  bool says_why() const override { return false; }

 private:
  RedshimHarness(Way way, const std::string& copied)
      : ServerHarness(SqlDialect::Kind::kRedshift), way_(way) {
    static std::atomic<int> made = 0;
    database_ = fmt::format("contract_{}_{}", ::getpid(), ++made);
    bucket_ = fmt::format("contract-{}-{}", ::getpid(), made.load());
    Control("POST", "/databases",
            fmt::format(R"({{"name":"{}","template":"{}"}})", database_, copied));
  }

  static void Control(const std::string& method, const std::string& target,
                      const std::string& body) {
    const auto client =
        HttpClient::Make(ParseEndpoint(Setting("SLUICE_REDSHIM_CONTROL")).value(), {});
    const auto answer = (*client)->Send({.method = method, .target = target, .body = body},
                                        std::chrono::seconds(30));
    EXPECT_TRUE(answer && answer->status == 200)
        << (answer ? answer->body : answer.error().message());
  }

  S3StoreOptions Bucket() const {
    return {.bucket = {.bucket = bucket_,
                       .region = "us-east-1",
                       .endpoint = ParseEndpoint(Setting("SLUICE_S3_ENDPOINT")).value()},
            .prefix = "tracking/",
            .transfer = {}};
  }

  std::unique_ptr<ServerConnector> Connector(FaultPlan* faults) override {
    const StagedStores stores = {store_.get(), store_.get()};
    const std::vector<std::string> roles = {Setting("SLUICE_REDSHIM_ROLES")};
    if (way_ == Way::kWire) {
      return std::make_unique<RedshiftWireConnector>(
          RedshiftWireOptions{
              .wire = {.target = Target(), .timeouts = {}, .stop = {}, .faults = faults},
              .copy_role = roles,
              .stores = stores},
          clock_);
    }
    auto client =
        AwsClient::Make({.scope = {.service = "redshift-data", .region = "us-east-1"},
                         .endpoint = ParseEndpoint(Setting("SLUICE_REDSHIM_ENDPOINT")).value(),
                         .failures = DataApiClient::failures()},
                        credentials_, clock_);
    return std::make_unique<DataApiConnector>(
        DataApiOptions{.client = std::move(client.value()),
                       .target = {.cluster = "redshim",
                                  .workgroup = "",
                                  .database = database_,
                                  .user = Setting("SLUICE_REDSHIM_ADMIN"),
                                  .secret_arn = ""},
                       .copy_role = roles,
                       .stores = stores,
                       .stop = {},
                       .faults = faults},
        clock_);
  }

  const Way way_;
  std::string database_, bucket_;
  std::shared_ptr<CredentialsSource> credentials_ = std::make_shared<FixedCredentials>(
      AwsCredentials{.access_key_id = Setting("AWS_ACCESS_KEY_ID"),
                     .secret_access_key = Setting("AWS_SECRET_ACCESS_KEY")});
};

}  // namespace sluice
