// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/server_warehouses.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/base/utf8.h"
#include "sluice/connect/aws_access.h"
#include "sluice/connect/secret_fetcher.h"
#include "sluice/warehouse/data_api_session.h"
#include "sluice/warehouse/postgres_session.h"
#include "sluice/warehouse/redshift_login.h"
#include "sluice/warehouse/redshift_session.h"
#include "sluice/warehouse/server_warehouse.h"

namespace sluice {
namespace {

const char* SslMode(ServerTls mode) {
  switch (mode) {
    case ServerTls::kVerifyFull:
      return "verify-full";
    case ServerTls::kRequire:
      return "require";
    case ServerTls::kDisable:
      return "disable";
  }
  return "verify-full";
}

// Of one statement of a probe.
constexpr std::chrono::minutes kLongest{2};

// The parts of a pipeline that servers are made of.
class ServerParts {
 public:
  ServerParts(const PipelineConfig& config, const PipelineEnvironment& environment,
              const WarehouseStores& stores)
      : config_(config),
        environment_(environment),
        stores_{stores.parquet, stores.quarantine},
        access_(config.name, environment.clock) {}

  Result<std::unique_ptr<ServerConnector>> Make() {
    const auto& target = config_.warehouse.target;
    if (const auto* postgres = std::get_if<PostgresTarget>(&target)) {
      SLUICE_ASSIGN(WireOptions wire, Wire(*postgres));
      return std::make_unique<PostgresConnector>(std::move(wire), stores_);
    }
    if (const auto* data_api = std::get_if<RedshiftDataApiTarget>(&target)) {
      SLUICE_ASSIGN(DataApiOptions options, ByDataApi(*data_api));
      return std::make_unique<DataApiConnector>(std::move(options), environment_.clock);
    }
    return ByWire(std::get<RedshiftTarget>(target));
  }

  // Null where statements go by wire.
  Result<std::unique_ptr<DataApiClient>> MakeDataApi() {
    const auto* data_api = std::get_if<RedshiftDataApiTarget>(&config_.warehouse.target);
    if (data_api == nullptr) return nullptr;
    SLUICE_ASSIGN(const DataApiOptions options, ByDataApi(*data_api));
    return std::make_unique<DataApiClient>(options.client, options.target, environment_.clock);
  }

 private:
  template <typename Target>
  Result<WireOptions> Wire(const Target& target) {
    const WarehouseConfig& warehouse = config_.warehouse;
    WireOptions options{
        .target = {.host = target.host,
                   .port = target.port,
                   .database = target.database,
                   .user = target.user,
                   .password = {},
                   .ssl_mode = SslMode(target.tls.mode),
                   .ssl_root = target.tls.root,
                   .application_name = "sluice " + config_.name},
        .login = nullptr,
        .timeouts = {.connect = warehouse.connect_timeout, .statement = warehouse.copy_timeout},
        .lock_timeout = warehouse.lock_timeout,
        .commit_timeout = warehouse.commit_timeout,
        .stop = environment_.stop,
        .faults = environment_.faults.get()};
    if (const auto* kept = std::get_if<KeptSecret>(&target.password)) {
      SLUICE_ASSIGN(options.login, LoginBySecret(target.user, *kept));
    } else {
      options.target.password = std::get<Secret>(target.password).Reveal();
    }
    return options;
  }

  Result<std::shared_ptr<PgLoginSource>> LoginBySecret(const std::string& user,
                                                       const KeptSecret& password) {
    SLUICE_ASSIGN(
        std::shared_ptr<SecretFetcher> fetcher,
        SecretFetcher::Make(password, config_.secrets_manager, access_, environment_.clock));
    return std::make_shared<FetchedLogin>(user, [fetcher]() -> Result<PgLogin> {
      SLUICE_ASSIGN(const FetchedSecret fetched, fetcher->Fetch());
      return PgLogin{.user = {},
                     .password = fetched.secret.Reveal(),
                     .password_of = WithoutControls(Utf8Prefix(fetched.username, 128))};
    });
  }

  // A client of `service` at AWS, or where the configuration says, in the role that it names.
  template <typename Target>
  Result<std::unique_ptr<AwsClient>> Client(const std::string& service, const Target& target,
                                            std::span<const FailureMeaning> failures,
                                            AwsFailure (*read_failure)(const HttpResponse&)) {
    const ServiceOptions& where = target.service;
    SLUICE_ASSIGN(HttpEndpoint endpoint, EndpointOf(service, where.region, where.endpoint));
    SLUICE_ASSIGN(auto credentials, access_.CredentialsFor(target.assume_role, where.region));
    return AwsClient::Make({.scope = {.service = service, .region = where.region},
                            .endpoint = std::move(endpoint),
                            .failures = failures,
                            .read_failure = read_failure},
                           std::move(credentials), environment_.clock);
  }

  Result<std::unique_ptr<ServerConnector>> ByWire(const RedshiftTarget& target) {
    SLUICE_ASSIGN(WireOptions wire, Wire(target));
    if (target.auth == RedshiftAuth::kIam) {
      SLUICE_ASSIGN(wire.login, LoginByIam(target));
    }
    return std::make_unique<RedshiftWireConnector>(
        RedshiftWireOptions{
            .wire = std::move(wire), .copy_role = config_.warehouse.copy_role, .stores = stores_},
        environment_.clock);
  }

  Result<std::shared_ptr<PgLoginSource>> LoginByIam(const RedshiftTarget& target) {
    IamLoginTarget whose = TargetInHost(target.host);
    if (!target.cluster.empty() || !target.workgroup.empty()) {
      whose = {
          .cluster = target.cluster, .workgroup = target.workgroup, .database = "", .user = ""};
    }
    if (whose.cluster.empty() && whose.workgroup.empty()) {
      return Fail(ErrorKind::kPermanent,
                  "warehouse.redshift: 'auth: iam' must know whose password it asks for, and "
                  "{} is no name that Amazon gives: add cluster: or workgroup:",
                  target.host);
    }
    whose.database = target.database;
    whose.user = target.user;
    const bool is_cluster = whose.workgroup.empty();
    SLUICE_ASSIGN(auto client,
                  Client(is_cluster ? "redshift" : "redshift-serverless", target,
                         IamLogin::failures(), is_cluster ? ReadXmlFailure : ReadJsonFailure));
    return std::make_shared<IamLogin>(std::move(client), std::move(whose), environment_.clock);
  }

  Result<DataApiOptions> ByDataApi(const RedshiftDataApiTarget& target) {
    SLUICE_ASSIGN(std::shared_ptr<AwsClient> client,
                  Client("redshift-data", target, DataApiClient::failures(), ReadJsonFailure));
    return DataApiOptions{
        .client = std::move(client),
        .target = {.cluster = target.cluster,
                   .workgroup = target.workgroup,
                   .database = target.database,
                   .user = target.user,
                   .secret_arn = target.secret_arn},
        .copy_role = config_.warehouse.copy_role,
        .stores = stores_,
        .copy_timeout = config_.warehouse.copy_timeout,
        .batch_timeout = config_.warehouse.lock_timeout + config_.warehouse.commit_timeout,
        .stop = environment_.stop,
        .faults = environment_.faults.get()};
  }

  const PipelineConfig& config_;
  const PipelineEnvironment& environment_;
  const StagedStores stores_;
  AwsAccess access_;
};

}  // namespace

Result<std::unique_ptr<Warehouse>> OpenServerWarehouse(const PipelineConfig& config,
                                                       const PipelineEnvironment& environment,
                                                       const WarehouseStores& stores) {
  SLUICE_ASSIGN(auto connector, ServerParts(config, environment, stores).Make());
  return std::make_unique<ServerWarehouse>(std::move(connector), NamesOf(config), *config.tables,
                                           environment.clock);
}

// A statement that hangs costs one question, not the whole time; and a stop request ends no
// statement, so that what was made can be dropped.
Result<ProbeTarget> OpenProbe(const PipelineConfig& config, const PipelineEnvironment& environment,
                              NotedStore& parquet) {
  PipelineConfig patient = config;
  WarehouseConfig& warehouse = patient.warehouse;
  for (auto* timeout :
       {&warehouse.copy_timeout, &warehouse.lock_timeout, &warehouse.commit_timeout}) {
    *timeout = std::min<std::chrono::milliseconds>(*timeout, kLongest);
  }
  const PipelineEnvironment unstopped{
      .clock = environment.clock, .stop = {}, .faults = environment.faults};
  ServerParts parts(patient, unstopped, {&parquet, nullptr});
  SLUICE_ASSIGN(auto connector, parts.Make());
  SLUICE_ASSIGN(auto data_api, parts.MakeDataApi());
  return ProbeTarget{.connector = std::move(connector),
                     .data_api = std::move(data_api),
                     .names = NamesOf(config),
                     .tables = *config.tables,
                     .parquet = parquet,
                     .copy_role = warehouse.copy_role,
                     .compression = config.parquet.compression,
                     .clock = environment.clock};
}

}  // namespace sluice
