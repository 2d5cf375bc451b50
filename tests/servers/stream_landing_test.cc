// SPDX-License-Identifier: Apache-2.0
// A stream of a server of Kinesis's protocol, landed into a server of S3's, where the checkpoints
// are too: what the landing of streams asks of both is what they do.
#include <gmock/gmock.h>

#include <cstdlib>
#include <set>
#include <thread>

#include "sluice/base/fault_plan.h"
#include "sluice/event/kpl_record_for_test.h"
#include "sluice/land/stream_lander.h"
#include "sluice/object/faulty_store.h"
#include "sluice/object/s3_store.h"
#include "tests/servers/servers_stream.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Setting(const char* name) {
  const char* const value = std::getenv(name);
  EXPECT_NE(value, nullptr) << name << " is not set: run it by with_server.py";
  return value == nullptr ? "" : value;
}

class StreamLandingTest : public ::testing::Test {
 protected:
  StreamLandingTest() {
    const auto client =
        AwsClient::Make({.scope = {.service = "s3", .region = "us-east-1", .is_s3 = true},
                         .endpoint = s3_,
                         .failures = {},
                         .read_failure = ReadXmlFailure},
                        credentials_, clock_)
            .value();
    EXPECT_TRUE(client->Call({.request = {.method = "PUT", .target = "/" + bucket_}}));
  }

  std::unique_ptr<S3Store> Store(const std::string& prefix) {
    S3StoreOptions options{.bucket = {.bucket = bucket_, .region = "us-east-1", .endpoint = s3_},
                           .prefix = prefix};
    return S3Store::Open(options, credentials_, clock_).value();
  }

  // What a new worker lands until nothing is left, object by object.
  Result<std::vector<std::string>> Drain(ObjectStore& checkpoints, ObjectStore& raw) {
    StreamLander lander(stream_.stream(), checkpoints, raw, clock_,
                        {.consumer = "pipeline", .format = StreamFormat::kPlain});
    std::vector<std::string> contents;
    for (;;) {
      SLUICE_ASSIGN(const LandReport report, lander.LandOne(Deadline::Never(), {}));
      if (report.queue_was_empty) return contents;
      if (report.objects > 0) contents.push_back(ContentOf(raw, report.key));
    }
  }
  static std::string ContentOf(ObjectStore& store, const RawKey& key) {
    const auto reader = store.Open(key.text).value();
    std::string buffer(1 << 20, '\0');
    buffer.resize(reader->Read(buffer).value());
    return buffer;
  }
  static size_t Count(ObjectStore& store) { return store.List("", "", 1000)->objects.size(); }

  SystemClock clock_;
  const HttpEndpoint s3_ = ParseEndpoint(Setting("SLUICE_S3_ENDPOINT")).value();
  const std::string bucket_ = fmt::format("landing-{}", getpid());
  const std::shared_ptr<CredentialsSource> credentials_ = std::make_shared<FixedCredentials>(
      AwsCredentials{.access_key_id = Setting("AWS_ACCESS_KEY_ID"),
                     .secret_access_key = Setting("AWS_SECRET_ACCESS_KEY")});
  ServersStream stream_{ParseEndpoint(Setting("SLUICE_KINESIS_ENDPOINT")).value()};
  const std::unique_ptr<S3Store> raw_ = Store("raw/"), checkpoints_ = Store("checkpoints/");
};

// Faults L18 and L19.
TEST_F(StreamLandingTest, ShardsAreSplitWorkersDieAndEveryRecordLandsOnce) {
  const std::string one = "shardId-000000000000", other = "shardId-000000000001";
  ASSERT_TRUE(stream_.Put(one, "k", "{\"n\":0}"));
  ASSERT_TRUE(stream_.Put(one, "k", KplRecord({"{\"n\":1}", "{\"n\":2}"})));
  EXPECT_THAT(Drain(*checkpoints_, *raw_).value(),
              ElementsAre("{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n"));
  EXPECT_THAT(Drain(*checkpoints_, *raw_).value(), IsEmpty());

  // A worker dies behind its entry: its object is the next one's, and has no record more.
  ASSERT_TRUE(stream_.Put(one, "k", "{\"n\":3}"));
  const auto dies = FaultPlan::Parse("fail-before:2").value();  // its commit
  FaultyStore faulty(Store("raw/"), dies.get());
  EXPECT_FALSE(Drain(*checkpoints_, faulty));
  ASSERT_TRUE(stream_.Put(one, "k", "{\"n\":4}"));
  EXPECT_THAT(Drain(*checkpoints_, *raw_).value(), ElementsAre("{\"n\":3}\n", "{\"n\":4}\n"));

  // A worker dies behind its object: the same bytes are there already.
  ASSERT_TRUE(stream_.Put(one, "k", "{\"n\":5}"));
  const auto loses = FaultPlan::Parse("fail-after:2").value();
  FaultyStore losing(Store("raw/"), loses.get());
  EXPECT_FALSE(Drain(*checkpoints_, losing));
  EXPECT_EQ(Count(*raw_), 4u);
  EXPECT_THAT(Drain(*checkpoints_, *raw_).value(), ElementsAre("{\"n\":5}\n"));
  EXPECT_EQ(Count(*raw_), 4u);

  // Two that begin at once: one of them lands.
  ASSERT_TRUE(stream_.Put(one, "k", "{\"n\":6}"));
  ASSERT_TRUE(stream_.Split(one));
  ASSERT_TRUE(stream_.Put("shardId-000000000002", "k", "{\"n\":7}"));
  std::vector<std::thread> workers;
  for (int i = 0; i < 3; ++i) {
    workers.emplace_back([&] {
      for (bool is_more = true; is_more;) {
        const auto landed = Drain(*checkpoints_, *raw_);
        ASSERT_TRUE(landed) << landed.error().message();
        is_more = !landed->empty();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  const ListPage page = raw_->List("", "", 1000).value();
  std::multiset<std::string> contents;
  for (const ObjectInfo& object : page.objects) {
    contents.insert(ContentOf(*raw_, {object.key}));
  }
  EXPECT_THAT(contents, SizeIs(6));
  EXPECT_EQ(contents.count("{\"n\":6}\n"), 1u);
  EXPECT_EQ(contents.count("{\"n\":7}\n"), 1u);
}

}  // namespace
}  // namespace sluice
