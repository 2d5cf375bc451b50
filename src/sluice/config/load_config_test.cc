// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/load_config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "sluice/config/config_for_test.h"
#include "sluice/config/required_parts.h"
#include "sluice/config/warehouse_section.h"

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class LoadConfigTest : public ConfigFolderTest {};

TEST_F(LoadConfigTest, DefaultsStandWhereTheFileSaysNothing) {
  const auto config = Load(Minimal());
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->name, "test");
  EXPECT_EQ(config->raw.location.kind, Location::Kind::kNone);
  EXPECT_EQ(config->raw.compression, StreamFormat::kZstd);
  EXPECT_EQ(config->raw.close_age, minutes(5));
  EXPECT_EQ(config->parquet.compression, Codec::kSnappy);
  EXPECT_DOUBLE_EQ(config->quarantine.hold_above, 0.2);
  EXPECT_EQ(config->warehouse.target.index(), 0u);
  EXPECT_EQ(config->load.deadline, seconds(270));
  EXPECT_EQ(config->load.threads, 0);
  EXPECT_EQ(config->log.format, LogFormat::kText);
  EXPECT_EQ(config->tables->tables.size(), 1u);
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST_F(LoadConfigTest, KnowsWhereEachGivenKeyStands) {
  const auto config = Load(Minimal("raw:\n  url: dir:r\nalert: {stale_after: 5m}\n"),
                           {.flags = {{"load.every", "3m"}}});
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->places.at("raw.url"), folder_ + "/sluice.yaml:4:8");
  EXPECT_EQ(config->places.at("alert"), folder_ + "/sluice.yaml:5:8");
  EXPECT_EQ(config->places.at("alert.stale_after"), folder_ + "/sluice.yaml:5:22");
  EXPECT_EQ(config->places.at("load.every"), "--set load.every");
  EXPECT_FALSE(config->places.contains("raw.layout"));
}

// Every section that a pipeline in AWS has.
constexpr const char* kWhole = R"(name: tracking
region: eu-central-1
source:
  sqs: https://sqs.eu-central-1.amazonaws.com/111111111111/tracking
  assume_role: {arn: "arn:aws:iam::111111111111:role/sluice-read", external_id: "env:TOKEN"}
raw:
  url: s3://acme-raw/tracking/
  layout: date=%Y-%m-%d/%H/
  close_at: {age: 90s, size: 64MiB}
  notifications: https://sqs.eu-central-1.amazonaws.com/222222222222/raw-created
parquet: {url: "s3://acme-transformed/tracking/", compression: zstd, region: eu-west-1,
          part_size: 64MiB}
quarantine:
  url: s3://acme-transformed/quarantine/
  warn_above: 0.5%
  hold_above: 30%
warehouse:
  redshift: {host: rs.internal, database: analytics, user: sluice, auth: iam}
  copy_role: ["arn:aws:iam::333333333333:role/redshift", "arn:aws:iam::222222222222:role/reader"]
  schema: ledger
  timeouts: {connect: 11s, copy: 16m, lock: 4m, commit: 3m}
tables:
  - ddl: schema/events.sql
    when: {has: page_url}
    unique: [id]
    time: at
    columns: {page_url: {from: context.page.url}, created: {from: ts, epoch: ms}}
    on_too_long: truncate
    on_bad_value: null
    on_unknown_field: {collect: extra}
  - {drop: true, when: {equals: {type: heartbeat}}}
  - {ddl: schema/utm.sql, when: any, unique: [id]}
load: {every: 2m, max_size: 2GiB, deadline: 1h30m, threads: 3, memory: 256MiB}
alert: {webhook: "env:TOKEN", stale_after: 21m}
reconcile: {every: 2h, since: 3d, grace: 30m}
log: {level: warning, format: json}
)";

TEST_F(LoadConfigTest, ReadsEverySection) {
  const auto config = Load(kWhole);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->source.location.kind, Location::Kind::kSqs);
  EXPECT_EQ(config->source.service.region, "eu-central-1");
  EXPECT_EQ(config->source.assume_role->arn, "arn:aws:iam::111111111111:role/sluice-read");
  EXPECT_EQ(config->source.assume_role->external_id.Reveal(), "hunter2");
  EXPECT_EQ(config->raw.location, (Location{Location::Kind::kS3, "s3://acme-raw/tracking/"}));
  EXPECT_EQ(config->raw.close_age, seconds(90));
  EXPECT_EQ(config->raw.close_size, MiB(64));
  EXPECT_EQ(config->raw.notifications.kind, Location::Kind::kSqs);
  EXPECT_EQ(config->parquet.compression, Codec::kZstd);
  EXPECT_EQ(config->parquet.service.region, "eu-west-1");
  EXPECT_EQ(config->parquet.part_size, MiB(64));
  EXPECT_EQ(config->raw.part_size, MiB(8));
  EXPECT_DOUBLE_EQ(config->quarantine.warn_above, 0.005);
  EXPECT_DOUBLE_EQ(config->quarantine.hold_above, 0.3);
  const auto& redshift = std::get<RedshiftTarget>(config->warehouse.target);
  EXPECT_EQ(redshift.host, "rs.internal");
  EXPECT_EQ(redshift.port, 5439);
  EXPECT_EQ(redshift.auth, RedshiftAuth::kIam);
  EXPECT_EQ(redshift.tls.mode, ServerTls::kVerifyFull);
  EXPECT_EQ(redshift.tls.root, "/etc/ssl/certs/ca-certificates.crt");
  EXPECT_THAT(config->warehouse.copy_role, ElementsAre("arn:aws:iam::333333333333:role/redshift",
                                                       "arn:aws:iam::222222222222:role/reader"));
  EXPECT_EQ(config->warehouse.schema, "ledger");
  EXPECT_EQ(config->warehouse.connect_timeout, seconds(11));
  EXPECT_EQ(config->warehouse.copy_timeout, minutes(16));
  EXPECT_EQ(config->warehouse.lock_timeout, minutes(4));
  EXPECT_EQ(config->warehouse.commit_timeout, minutes(3));
  EXPECT_EQ(config->load.every, minutes(2));
  EXPECT_EQ(config->load.max_size, GiB(2));
  EXPECT_EQ(config->load.deadline, minutes(90));
  EXPECT_EQ(config->load.threads, 3);
  EXPECT_EQ(config->load.memory, MiB(256));
  EXPECT_EQ(std::get<Secret>(config->alert.webhook).Reveal(), "hunter2");
  EXPECT_EQ(config->alert.stale_after, minutes(21));
  EXPECT_EQ(config->reconcile.every, hours(2));
  EXPECT_EQ(config->reconcile.since, hours(72));
  EXPECT_EQ(config->reconcile.grace, minutes(30));
  EXPECT_EQ(config->log.level, LogLevel::kWarning);
  EXPECT_EQ(config->log.format, LogFormat::kJson);
}

TEST_F(LoadConfigTest, TheEmbeddedKindsTakePathsRelativeToTheFile) {
  const auto config =
      Load(Minimal("source: {dir: data}\nraw: {url: 'dir:data/raw', compression: none}\n"
                   "warehouse: {duckdb: data/../w.duckdb}\n"));
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->source.location, (Location{Location::Kind::kDirectory, folder_ + "/data"}));
  EXPECT_EQ(config->raw.location.text, folder_ + "/data/raw");
  EXPECT_EQ(config->raw.compression, StreamFormat::kPlain);
  EXPECT_EQ(config->raw.notifications, config->source.location);
  EXPECT_EQ(std::get<DuckDbTarget>(config->warehouse.target).path, folder_ + "/w.duckdb");
}

TEST_F(LoadConfigTest, OtherWarehousesAndStreams) {
  auto config =
      Load(Minimal("region: x\nsource: {kinesis: events, checkpoints: 'dir:c', "
                   "endpoint: 'http://localhost:4566'}\nwarehouse: {postgres: {host: h, port: "
                   "5433, database: d, user: u, password: "
                   "'env:TOKEN'}}\n"));
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->source.location.kind, Location::Kind::kKinesis);
  EXPECT_EQ(config->source.service.endpoint, "http://localhost:4566");
  EXPECT_EQ(std::get<PostgresTarget>(config->warehouse.target).port, 5433);
  const auto& postgres = std::get<PostgresTarget>(config->warehouse.target);
  EXPECT_EQ(std::get<Secret>(postgres.password).Reveal(), "hunter2");
  config =
      Load(Minimal("region: x\nwarehouse: {redshift_data_api: {workgroup: w, database: d}, "
                   "copy_role: 'arn:a'}"));
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(std::get<RedshiftDataApiTarget>(config->warehouse.target).workgroup, "w");
  EXPECT_THAT(config->warehouse.copy_role, ElementsAre("arn:a"));
  config = Load(
      Minimal("region: x\nwarehouse: {redshift_data_api: {cluster: c, database: d, secret_arn: "
              "'arn:s'}}"));
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(std::get<RedshiftDataApiTarget>(config->warehouse.target).secret_arn, "arn:s");
}

TEST_F(LoadConfigTest, AStreamHasCheckpointsAndABeginning) {
  auto config = Load(Minimal("source: {kinesis: events, region: s, checkpoints: 'dir:c'}\n"));
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->source.checkpoints.location,
            (Location{Location::Kind::kDirectory, folder_ + "/c"}));
  EXPECT_EQ(config->source.from.kind, StreamPosition::Kind::kTrimHorizon);
  EXPECT_EQ(config->source.checkpoints.service.region, "s");

  config =
      Load(Minimal("region: x\nsource: {kinesis: 'arn:aws:kinesis:y:1:stream/events', region: y, "
                   "checkpoints: s3://acme/progress/, from: latest}\n"
                   "raw: {url: s3://acme/raw/, region: z, endpoint: 'http://127.0.0.1:9000'}\n"));
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->source.checkpoints.location.text, "s3://acme/progress/");
  EXPECT_EQ(config->source.checkpoints.service.region, "z");
  EXPECT_EQ(config->source.checkpoints.service.endpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(config->source.service.region, "y");
  EXPECT_EQ(config->source.from.kind, StreamPosition::Kind::kLatest);

  config =
      Load(Minimal("source: {kinesis: events, region: s, checkpoints: 'dir:c', "
                   "from: 2026-11-23T14:00:00Z}\n"));
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->source.from.kind, StreamPosition::Kind::kAtTimestamp);
  EXPECT_EQ(ToIso8601(config->source.from.time), "2026-11-23T14:00:00.000000Z");
}

TEST_F(LoadConfigTest, SaysEverythingThatIsWrongAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(ProblemsOf("nmae: tracking\n"
                       "raw:\n"
                       "  url: s3://acme-raw/tracking\n"
                       "  close_at: {age: 5, size: 1.5GiB}\n"
                       "tables:\n"
                       "  - ddl: schema/utm.sql\n"
                       "    when: any\n"
                       "    unique: [source, ident]\n"
                       "load: {evry: 1m, threads: yes}\n"
                       "log: {level: loud}\n"),
            "FOLDER/sluice.yaml:1:1: 'name' is missing; it stands in ledger rows and tags\n"
            "FOLDER/sluice.yaml:1:1: unknown key 'nmae'; did you mean 'name'?\n"
            "FOLDER/sluice.yaml:3:8: raw.url: must end in '/', so that no other prefix begins with "
            "it: s3://acme-raw/tracking\n"
            "FOLDER/sluice.yaml:4:19: raw.close_at.age: not a duration: '5'; write 30s, 5m, "
            "1h30m or 7d\n"
            "FOLDER/sluice.yaml:4:28: raw.close_at.size: not a size: '1.5GiB'; write a whole "
            "number and a unit, like 128MiB\n"
            "FOLDER/sluice.yaml:8:22: tables[0].unique: table utm has no column 'ident'\n"
            "FOLDER/sluice.yaml:9:8: unknown key 'load.evry'; did you mean 'every'?\n"
            "FOLDER/sluice.yaml:9:27: load.threads: found 'yes'; wanted a whole number from 1 to "
            "1024, or auto\n"
            "FOLDER/sluice.yaml:10:14: log.level: found 'loud'; wanted one of: debug, info, "
            "warning, error, off");
}

struct Wrong {
  const char* yaml;
  const char* problem;
};

TEST_F(LoadConfigTest, NamesEachKindOfMistake) {
  for (const auto& [yaml, problem] : std::initializer_list<Wrong>{
           {"load: 5", "3:7: load: wanted a map of keys; found a text"},
           {"load: [1]", "3:7: load: wanted a map of keys; found a list"},
           {"load: {every: [1m]}", "3:15: load.every: wanted one value; found a list"},
           {"load: {every: }", "load.every: has no value"},
           {"load: {every: ''}", "load.every: has no value"},
           {"load: {every: 1ms}", "load.every: must be at least 100ms"},
           {"load: {max_size: 0}", "load.max_size: must be more than nothing"},
           {"load: {threads: 0}", "found '0'; wanted a whole number from 1 to 1024, or auto"},
           {"load: {threads: 2.5}", "found '2.5'"},
           {"region: \"a\\nb\"", "3:9: region: holds a control character"},
           {"load: {every: \"1\\n2\"}", "3:15: load.every: not a duration: '1\\u000a2'; write"},
           {"\"lo\\tad\": 1", "3:1: unknown key 'lo\\u0009ad'"},
           {"quarantine: {url: 'dir:q', hold_above: 0.2}",
            "3:40: quarantine.hold_above: not a share"},
           {"raw: {layout: 'date=%Y/%Q/'}", "3:15: raw.layout: "},
           {"raw: {part_size: 4MiB}", "3:18: raw.part_size: wanted 5MiB to 1GiB; found '4MiB'"},
           {"raw: {part_size: 1025MiB}", "raw.part_size: wanted 5MiB to 1GiB; found '1025MiB'"},
           {"raw: {compression: snappy}", "found 'snappy'; wanted one of: zstd, gzip, none"},
           {"raw: {compression: zstd}",
            "3:6: 'raw.url' is missing; s3://bucket/prefix/ or dir:PATH"},
           {"raw: {url: s3://abc/x/}", "'raw.region' is missing; give it here, or once at the top"},
           {"raw: {url: raw}", "raw.url: wanted s3://bucket/prefix/ or dir:PATH; found 'raw'"},
           {"source: {region: x}", "'source.sqs' is missing; or kinesis or dir"},
           {"source: {dir: a, kinesis: b, region: c}",
            "source: wanted one of sqs, kinesis and dir"},
           {"source: {kinesis: b, region: c}",
            "'source.checkpoints' is missing; s3://bucket/prefix/ or dir:PATH"},
           {"source: {kinesis: b, region: c, checkpoints: c}",
            "source.checkpoints: wanted s3://bucket/prefix/ or dir:PATH; found 'c'"},
           {"source: {kinesis: b, region: c, checkpoints: 'dir:c', from: now}",
            "source.from: wanted trim_horizon, latest or a time"},
           {"source: {kinesis: b, region: c, checkpoints: 'dir:raw/c'}\nraw: {url: 'dir:raw'}",
            "source.checkpoints: raw.url and source.checkpoints are one place or lie in each"},
           {"source: {dir: a, checkpoints: 'dir:c'}", "source.checkpoints: is for kinesis"},
           {"source: {dir: a, from: latest}", "source.from: is for kinesis"},
           {"source: {sqs: tracking, region: c}", "3:15: source.sqs: wanted a queue's address"},
           {"source: {dir: a, assume_role: {external_id: 'env:TOKEN'}}",
            "'source.assume_role.arn' is missing"},
           {"alert: {webhook: 'env:NOPE'}", "alert.webhook: cannot read secret: the environment"},
           {"alert: {webhook: 'secretsmanager:x'}",
            "3:18: alert.webhook: in which region is it? give region: at the top"},
           {"region: r\nwarehouse: {postgres: {host: h, database: d, user: u, password: "
            "'secretsmanager:a b'}}",
            "warehouse.postgres.password: wanted secretsmanager:NAME"},
           {"region: r\nsecretsmanager: {assume_role: {arn: 'arn:a', external_id: "
            "'secretsmanager:x'}}",
            "secretsmanager.assume_role.external_id: cannot read secret: this one is not fetched"},
           {"secretsmanager: {region: 'X/'}", "secretsmanager.region: wanted a region"},
           {"secretsmanager: {endpoint: here}", "secretsmanager.endpoint: "},
           {"secretsmanager: {regoin: r}", "did you mean 'region'?"},
           {"warehouse: {schema: x}", "'warehouse.redshift' is missing; or redshift_data_api"},
           {"warehouse: {duckdb: a, schema: 'X;'}",
            "warehouse.schema: wanted a name of lower-case"},
           {"warehouse: {duckdb: a, postgres: {host: h, database: d, user: u}}",
            "warehouse: wanted one of duckdb, postgres, redshift"},
           {"warehouse: {postgres: {host: h}}", "'warehouse.postgres.database' is missing"},
           {"warehouse: {duckdb: a, copy_role: ['x']}", "copy_role: wanted the ARN of a role"},
           {"region: r\nwarehouse: {redshift: {host: h, database: d, user: u, auth: password, "
            "password: 'env:TOKEN', assume_role: {arn: 'arn:a'}}}",
            "warehouse.redshift.assume_role: is for 'auth: iam'"},
           {"region: r\nwarehouse: {redshift_data_api: {cluster: c, database: d, assume_role: "
            "{arn: 'sluice'}}}",
            "warehouse.redshift_data_api.assume_role.arn: wanted the ARN of a role"},
           {"warehouse: {redshift: {host: h, database: d, user: u, auth: password}}",
            "'warehouse.redshift.password' is missing"},
           {"warehouse: {redshift: {host: h, database: d, user: u, password: 'env:TOKEN'}}",
            "warehouse.redshift.password: is for 'auth: password'"},
           {"warehouse: {redshift_data_api: {database: d, region: r}}",
            "'warehouse.redshift_data_api.cluster' is missing; or workgroup"},
           {"warehouse: {redshift_data_api: {cluster: c, workgroup: w, database: d, region: r}}",
            "wanted one of cluster and workgroup; found both"},
           {"warehouse: {redshift_data_api: {cluster: c, database: d, region: r, user: u, "
            "secret_arn: 'arn:s'}}",
            "wanted one of user and secret_arn; found both"},
           {"warehouse: {redshift_data_api: {workgroup: w, database: d, region: r, user: u}}",
            "warehouse.redshift_data_api.user: is of a cluster; in a workgroup"},
           {"warehouse: {duckdb: a, timeouts: {comit: 1m}}", "did you mean 'commit'?"},
           {"tables2: 1", "3:1: unknown key 'tables2'; did you mean 'tables'?"},
       }) {
    EXPECT_THAT(ProblemsOf(Minimal(yaml)), HasSubstr(problem)) << yaml;
  }
}

// A notification about our own output would start a loop (fault N10).
TEST_F(LoadConfigTest, NoStoreLiesInAnother) {
  EXPECT_EQ(ProblemsOf(Minimal("raw: {url: 'dir:a'}\nparquet: {url: 'dir:a/b/../p'}\n"
                               "quarantine: {url: 'dir:ab'}\n")),
            "FOLDER/sluice.yaml:4:16: parquet.url: raw.url and parquet.url are one place or lie "
            "in each other; wanted separate ones");
  EXPECT_THAT(ProblemsOf(Minimal("region: x\nparquet: {url: 's3://abc/x/y/'}\n"
                                 "quarantine: {url: 's3://abc/x/'}\n")),
              HasSubstr("5:19: quarantine.url: parquet.url and quarantine.url are one place"));
  EXPECT_THAT(ProblemsOf(Minimal("raw: {url: 'dir:a'}\nquarantine: {url: 'dir:a/'}\n")),
              HasSubstr("4:19: quarantine.url: raw.url and quarantine.url are one place"));
}

TEST_F(LoadConfigTest, ASectionWithoutKeysIsNoMistake) {
  EXPECT_EQ(ProblemsOf(Minimal("load:\nalert:\n  # webhook: env:TOKEN\nlog: {}\n")), "");
}

TEST_F(LoadConfigTest, NeverRepeatsWhatMayBeASecret) {
  const std::string problems = ProblemsOf(Minimal("alert: {webhook: 'https://x/hunter2'}\n"));
  EXPECT_THAT(problems, HasSubstr("alert.webhook: a secret does not stand here itself"));
  EXPECT_THAT(problems, Not(HasSubstr("hunter2")));
}

TEST_F(LoadConfigTest, SecretFilesAreRelativeToTheConfiguration) {
  Write("hook", "https://hook\n");
  const auto config = Load(Minimal("alert: {webhook: 'file:hook'}"));
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(std::get<Secret>(config->alert.webhook).Reveal(), "https://hook");
}

TEST_F(LoadConfigTest, SecretsThatAreKeptElsewhereAreFetchedByWhoNeedsThem) {
  auto config =
      Load(Minimal("region: r\nsecretsmanager: {region: s, endpoint: 'http://127.0.0.1:5000', "
                   "assume_role: {arn: 'arn:x', external_id: 'env:TOKEN'}}\n"
                   "warehouse: {redshift: {host: h, database: d, user: u, auth: password, "
                   "password: 'secretsmanager:sluice/rs#password'}, copy_role: 'arn:a'}\n"));
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->secrets_manager.service.endpoint, "http://127.0.0.1:5000");
  EXPECT_EQ(config->secrets_manager.assume_role->external_id.Reveal(), "hunter2");
  auto password = KeptPasswordOf(config->warehouse);
  ASSERT_TRUE(password);
  EXPECT_EQ(password->key, "warehouse.redshift.password");
  EXPECT_EQ(password->secret.reference(), "secretsmanager:sluice/rs#password");
  EXPECT_EQ(password->secret.region, "s");

  config =
      Load(Minimal("region: r\nwarehouse: {postgres: {host: h, database: d, user: u, "
                   "password: 'secretsmanager:rs'}}\n"));
  ASSERT_TRUE(config) << config.error().message();
  password = KeptPasswordOf(config->warehouse);
  ASSERT_TRUE(password);
  EXPECT_EQ(password->key, "warehouse.postgres.password");
  EXPECT_EQ(password->secret.region, "r");

  config = Load(Minimal("warehouse: {postgres: {host: h, database: d, user: u}}\n"));
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_FALSE(KeptPasswordOf(config->warehouse));
}

TEST_F(LoadConfigTest, NamesAreFitForTags) {
  EXPECT_THAT(ProblemsOf("name: 'a b'\n"), HasSubstr("1:7: name: wanted 1 to 63 letters"));
  EXPECT_THAT(ProblemsOf("name: " + std::string(64, 'a')), HasSubstr("wanted 1 to 63 letters"));
}

TEST_F(LoadConfigTest, AFileThatIsNoConfigurationIsNamed) {
  EXPECT_THAT(ProblemsOf(""), HasSubstr("FOLDER/sluice.yaml:1:1: 'name' is missing"));
  EXPECT_THAT(ProblemsOf(""), HasSubstr("'tables' is missing; a list of tables"));
  EXPECT_THAT(ProblemsOf("- a\n"), HasSubstr("wanted a map of keys; found a list"));
  EXPECT_THAT(ProblemsOf("a: [1\n"), HasSubstr("FOLDER/sluice.yaml:"));
  const auto missing = LoadConfig(folder_ + "/other.yaml", LocalSecretSource(Environment{}));
  EXPECT_EQ(missing.error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(missing.error().message(), HasSubstr("cannot open"));
}

TEST_F(LoadConfigTest, LandingNeedsNeitherTablesNorSecrets) {
  Write("sluice.yaml",
        "name: test\nraw: {url: dir:r}\ntables: [{ddl: no-such-file.sql}]\n"
        "alert: {webhook: 'env:NOT_SET'}\n");
  const auto config = LoadLandingConfig(folder_ + "/sluice.yaml",
                                        {.environment = {{"SLUICE_RAW_COMPRESSION", "gzip"}}});
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->raw.location.text, folder_ + "/r");
  EXPECT_EQ(config->raw.compression, StreamFormat::kGzip);
  EXPECT_THAT(config->tables->tables, IsEmpty());
  EXPECT_TRUE(std::get<Secret>(config->alert.webhook).empty());
  Write("sluice.yaml", "name: test\nraw: {url: dir:r, compresion: gzip}\ntables2: []\n");
  const auto wrong = LoadLandingConfig(folder_ + "/sluice.yaml");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message(), HasSubstr("2:19: unknown key 'raw.compresion'"));
  EXPECT_THAT(wrong.error().message(), HasSubstr("3:1: unknown key 'tables2'"));
}

TEST_F(LoadConfigTest, FlagsOverruleTheEnvironmentWhichOverrulesTheFile) {
  const std::string yaml = Minimal("load: {every: 1m, threads: 1}\nlog: {level: info}\n");
  const ConfigOverrides overrides{.environment = {{"SLUICE_LOAD_EVERY", "2m"},
                                                  {"SLUICE_LOAD_THREADS", "2"},
                                                  {"SLUICE_RAW_CLOSE_AT_AGE", "7s"},
                                                  {"SLUICE_WAREHOUSE_DUCKDB", "other.duckdb"},
                                                  {"SLUICE_NAME", "renamed"},
                                                  {"SLUICE_LOG_LEVEL", ""}},
                                  .flags = {{"load.every", "3m"}, {"raw.url", "dir:r"}}};
  const auto config = Load(yaml, overrides);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->load.every, minutes(3));
  EXPECT_EQ(config->load.threads, 2);
  EXPECT_EQ(config->raw.close_age, seconds(7));
  EXPECT_EQ(config->raw.location.text, folder_ + "/r");
  EXPECT_EQ(std::get<DuckDbTarget>(config->warehouse.target).path, folder_ + "/other.duckdb");
  EXPECT_EQ(config->name, "renamed");
  EXPECT_EQ(config->log.level, LogLevel::kInfo);
}

TEST_F(LoadConfigTest, ProblemsOfOverridesNameTheirOrigin) {
  EXPECT_EQ(
      ProblemsOf(Minimal(),
                 {.environment = {{"SLUICE_LOAD_EVERY", "often"},
                                  {"SLUICE_LOAD_EVRY", "1m"},
                                  {"SLUICE_TABLES_0_TIME", "at"},
                                  {"SLUICE_SOURCE", "/src"},
                                  {"SLUICE_DEPS", "/deps"},
                                  {"OTHER", "x"}},
                  .flags = {{"load.thread", "1"}, {"tables.events", "x"}, {"log.level", "loud"}}}),
      "SLUICE_LOAD_EVRY: no key has this variable; did you mean 'SLUICE_LOAD_EVERY'?\n"
      "SLUICE_TABLES_0_TIME: no key has this variable\n"
      "--set load.thread: unknown key; did you mean 'load.threads'?\n"
      "--set tables.events: tables are described in the file only\n"
      "SLUICE_LOAD_EVERY: load.every: not a duration: 'often'; write 30s, 5m, 1h30m or 7d\n"
      "--set log.level: log.level: found 'loud'; wanted one of: debug, info, warning, error, "
      "off");
}

TEST_F(LoadConfigTest, AnOverrideDoesNotHideAFileOfAnotherShape) {
  EXPECT_THAT(ProblemsOf(Minimal("load: 5\n"), {.flags = {{"load.every", "1m"}}}),
              HasSubstr("load: wanted a map of keys; found a text"));
}

TEST_F(LoadConfigTest, CommandsSayWhatTheyMiss) {
  const auto config = Load(Minimal("source: {dir: x}\n"));
  ASSERT_TRUE(config);
  EXPECT_TRUE(RequireParts(*config, "sample", {ConfigPart::kSource}));
  const Status status =
      RequireParts(*config, "run",
                   {ConfigPart::kSource, ConfigPart::kRaw, ConfigPart::kNotifications,
                    ConfigPart::kParquet, ConfigPart::kQuarantine, ConfigPart::kWarehouse});
  EXPECT_THAT(status.error().message(),
              HasSubstr("sluice.yaml: 'run' needs what is not configured: raw, raw.notifications, "
                        "parquet, quarantine, warehouse"));
}

TEST_F(LoadConfigTest, TheBuiltInConfigurationIsTheExample) {
  const auto embedded = LoadEmbedded(folder_ + "/sluice-data", LocalSecretSource(Environment{}));
  ASSERT_TRUE(embedded) << embedded.error().message();
  const char* root = std::getenv("SLUICE_SOURCE");
  const std::string example = std::string(root ? root : ".") + "/examples/tracking";
  const auto file = LoadConfig(example + "/sluice.yaml", LocalSecretSource(Environment{}));
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(CanonicalText(*embedded->tables), CanonicalText(*file->tables));
  EXPECT_THAT(file->warnings, IsEmpty());
  EXPECT_EQ(file->raw.location.text,
            std::filesystem::canonical(example).string() + "/sluice-data/raw");
  EXPECT_EQ(file->name, embedded->name);
}

TEST_F(LoadConfigTest, WithoutAFileEverythingIsInOneFolder) {
  const auto config = LoadEmbedded(folder_, LocalSecretSource(Environment{}),
                                   {.environment = {{"SLUICE_LOG_LEVEL", "debug"}},
                                    .flags = {{"warehouse.duckdb", "/elsewhere/w.duckdb"}}});
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->source.location, (Location{Location::Kind::kDirectory, folder_}));
  EXPECT_EQ(config->raw.notifications, config->source.location);
  EXPECT_EQ(config->raw.location.text, folder_ + "/raw");
  EXPECT_EQ(config->parquet.location.text, folder_ + "/parquet");
  EXPECT_EQ(config->quarantine.location.text, folder_ + "/quarantine");
  EXPECT_EQ(std::get<DuckDbTarget>(config->warehouse.target).path, "/elsewhere/w.duckdb");
  EXPECT_EQ(config->log.level, LogLevel::kDebug);
  ASSERT_EQ(config->tables->tables.size(), 2u);
  EXPECT_EQ(config->tables->tables[0].name(), "events");
  EXPECT_EQ(config->tables->tables[0].time, 1u);
  EXPECT_THAT(config->tables->rules[1].conditions[0].path, ElementsAre("source"));
}

TEST_F(LoadConfigTest, AFolderThatCannotBeIsAnError) {
  EXPECT_FALSE(LoadEmbedded("", LocalSecretSource(Environment{})));
}

}  // namespace
}  // namespace sluice
