// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/this_build.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

PipelineConfig Embedded() {
  PipelineConfig config{.origin = "sluice.yaml"};
  for (Location* location :
       {&config.source.location, &config.raw.location, &config.raw.notifications,
        &config.parquet.location, &config.quarantine.location}) {
    *location = {Location::Kind::kDirectory, "/data"};
  }
  config.warehouse.target = DuckDbTarget{"/data/w.duckdb"};
  return config;
}

TEST(ThisBuildTest, RunsTheEmbeddedKindsAndWhatIsNotConfigured) {
  EXPECT_TRUE(RequireKindsOfThisBuild(Embedded()));
  EXPECT_TRUE(RequireKindsOfThisBuild({}));
}

TEST(ThisBuildTest, RunsQueuesAndBucketsOfAws) {
  PipelineConfig config = Embedded();
  config.source.location = {Location::Kind::kSqs, "https://q/1/q"};
  config.raw.notifications = {Location::Kind::kSqs, "https://q/1/n"};
  config.raw.location = {Location::Kind::kS3, "s3://raw/"};
  config.parquet.location = {Location::Kind::kS3, "s3://p/"};
  config.quarantine.location = {Location::Kind::kS3, "s3://q/"};
  EXPECT_TRUE(RequireKindsOfThisBuild(config));
  config.source.location = {Location::Kind::kKinesis, "events"};
  EXPECT_TRUE(RequireKindsOfThisBuild(config));
}

TEST(ThisBuildTest, RunsEveryWarehouse) {
  PipelineConfig config = Embedded();
  config.warehouse.target = PostgresTarget{};
  EXPECT_TRUE(RequireKindsOfThisBuild(config));
  config.parquet.location = {Location::Kind::kS3, "s3://p/"};
  config.quarantine.location = {Location::Kind::kS3, "s3://q/"};
  config.warehouse.copy_role = {"arn:aws:iam::333333333333:role/redshift"};
  config.warehouse.target = RedshiftTarget{};
  EXPECT_TRUE(RequireKindsOfThisBuild(config));
  config.warehouse.target = RedshiftDataApiTarget{};
  EXPECT_TRUE(RequireKindsOfThisBuild(config));
}

TEST(ThisBuildTest, NamesWhatRedshiftCannotReadWithItsPlace) {
  PipelineConfig config = Embedded();
  config.quarantine.location = {Location::Kind::kS3, "s3://q/"};
  config.warehouse.target = RedshiftTarget{};
  config.places = {{"parquet.url", "sluice.yaml:3:8"}};
  EXPECT_EQ(RequireKindsOfThisBuild(config).error().message(),
            "sluice.yaml:3:8: parquet.url: Redshift reads buckets only; write s3://BUCKET/PREFIX/\n"
            "sluice.yaml: warehouse.redshift: COPY reads the bucket by a role; write "
            "warehouse.copy_role: the ARN of the cluster's role, or a list that ends with the "
            "bucket's");
}

// The last of these tables makes a load for all of them too much for one transaction.
TEST(ThisBuildTest, RefusesTablesThatNoBatchOfTheDataApiTakes) {
  PipelineConfig config = Embedded();
  config.parquet.location = config.quarantine.location = {Location::Kind::kS3, "s3://p/"};
  config.warehouse.copy_role = {"arn:aws:iam::333333333333:role/redshift"};
  config.places = {{"warehouse.redshift_data_api", "sluice.yaml:3:8"}};
  TableSet tables;
  for (int i = 0; i < 21; ++i) {
    Table& table = tables.tables.emplace_back();
    table.schema.schema = "tracking";
    table.schema.name = fmt::format("t{}", i);
    table.schema.columns = {{"id", {TypeKind::kChar, 36}, true}};
    table.unique = {0};
  }
  config.tables = std::make_shared<const TableSet>(tables);
  config.warehouse.target = RedshiftTarget{};
  EXPECT_TRUE(RequireKindsOfThisBuild(config));
  config.warehouse.target = RedshiftDataApiTarget{};
  EXPECT_THAT(RequireKindsOfThisBuild(config).error().message(),
              StartsWith("sluice.yaml:3:8: warehouse.redshift_data_api: table t20: a load with "
                         "rows for 21 tables is 41 statements"));
  tables.tables.pop_back();
  config.tables = std::make_shared<const TableSet>(tables);
  EXPECT_TRUE(RequireKindsOfThisBuild(config));
}

TEST(ThisBuildTest, KeysOfAwsHaveEffectWhereSomethingIsThere) {
  PipelineConfig config = Embedded();
  config.places = {{"region", "a"}, {"raw.region", "b"}, {"raw.kms_key", "c"}};
  EXPECT_EQ(KeysWithoutEffect(config).size(), 3U);
  config.raw.notifications = {Location::Kind::kSqs, "https://q/1/n"};
  EXPECT_THAT(KeysWithoutEffect(config),
              ElementsAre("c: raw.kms_key has no effect: a folder is not encrypted"));
}

TEST(ThisBuildTest, SecretsManagerHasEffectWhereItKeepsThePassword) {
  PipelineConfig config = Embedded();
  config.places = {{"region", "a"}, {"secretsmanager", "b"}, {"secretsmanager.endpoint", "c"}};
  EXPECT_THAT(KeysWithoutEffect(config),
              ElementsAre("a: region has no effect: folders and DuckDB have no region",
                          "b: secretsmanager has no effect: no secret is kept there"));
  config.alert.webhook = KeptSecret{};
  EXPECT_THAT(KeysWithoutEffect(config), IsEmpty());
  config.alert.webhook = Secret();
  PostgresTarget postgres;
  postgres.password = KeptSecret{.id = "rs", .key = "", .region = "eu-central-1"};
  config.warehouse.target = postgres;
  EXPECT_THAT(KeysWithoutEffect(config), IsEmpty());
}

TEST(ThisBuildTest, NamesGivenKeysThatDoNothing) {
  PipelineConfig config = Embedded();
  config.places = {{"raw", "sluice.yaml:9:8"},
                   {"raw.kms_key", "sluice.yaml:9:18"},
                   {"load.every", "sluice.yaml:8:9"}};
  EXPECT_THAT(
      KeysWithoutEffect(config),
      ElementsAre("sluice.yaml:9:18: raw.kms_key has no effect: a folder is not encrypted"));
  EXPECT_THAT(KeysWithoutEffect(Embedded()), IsEmpty());
}

}  // namespace
}  // namespace sluice
