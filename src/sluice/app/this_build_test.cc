// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/this_build.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PipelineConfig Embedded() {
  PipelineConfig config{.origin = "sluice.yaml"};
  for (Location* location : {&config.source.location, &config.raw.location,
                             &config.raw.notifications, &config.parquet.location}) {
    *location = {Location::Kind::kDirectory, "/data"};
  }
  config.warehouse.target = DuckDbTarget{"/data/w.duckdb"};
  return config;
}

TEST(ThisBuildTest, RunsTheEmbeddedKindsAndWhatIsNotConfigured) {
  EXPECT_TRUE(RequireKindsOfThisBuild(Embedded()));
  EXPECT_TRUE(RequireKindsOfThisBuild({}));
}

TEST(ThisBuildTest, NamesEveryPartThatItCannotRunWithItsPlace) {
  PipelineConfig config = Embedded();
  config.source.location = {Location::Kind::kSqs, "https://q/1/q"};
  config.raw.location = {Location::Kind::kS3, "s3://raw/"};
  config.warehouse.target = RedshiftTarget{};
  config.places = {{"source.sqs", "sluice.yaml:3:8"}, {"raw.url", "--set raw.url"}};
  EXPECT_EQ(RequireKindsOfThisBuild(config).error().message(),
            "sluice.yaml:3:8: source.sqs: this build has no SQS; write source: {dir: FOLDER}\n"
            "--set raw.url: raw.url: this build has no S3; write dir:FOLDER\n"
            "sluice.yaml: warehouse.redshift: this build has no Redshift loader; write warehouse: "
            "{duckdb: FILE}");
}

TEST(ThisBuildTest, RefusesEachKindThatItCannotRun) {
  const auto refuses = [](auto&& change) {
    PipelineConfig config = Embedded();
    change(config);
    return !RequireKindsOfThisBuild(config);
  };
  using Kind = Location::Kind;
  EXPECT_TRUE(refuses([](auto& c) { c.source.location = {Kind::kKinesis, "s"}; }));
  EXPECT_TRUE(refuses([](auto& c) { c.raw.notifications = {Kind::kSqs, "https://q/1/q"}; }));
  EXPECT_TRUE(refuses([](auto& c) { c.parquet.location = {Kind::kS3, "s3://p/"}; }));
  EXPECT_TRUE(refuses([](auto& c) { c.quarantine.location = {Kind::kS3, "s3://q/"}; }));
  EXPECT_TRUE(refuses([](auto& c) { c.warehouse.target = PostgresTarget{}; }));
  EXPECT_TRUE(refuses([](auto& c) { c.warehouse.target = RedshiftDataApiTarget{}; }));
}

TEST(ThisBuildTest, NamesGivenKeysThatDoNothing) {
  PipelineConfig config = Embedded();
  config.places = {{"alert", "sluice.yaml:9:8"},
                   {"alert.webhook", "sluice.yaml:9:18"},
                   {"load.every", "sluice.yaml:8:9"}};
  EXPECT_THAT(KeysWithoutEffect(config),
              ElementsAre("sluice.yaml:9:18: alert.webhook has no effect: this build sends no "
                          "alerts: watch its exit code and `sluice status`"));
  EXPECT_THAT(KeysWithoutEffect(Embedded()), IsEmpty());
}

}  // namespace
}  // namespace sluice
