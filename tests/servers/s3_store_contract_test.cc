// SPDX-License-Identifier: Apache-2.0
// The contract suite of ObjectStore on a server of S3's protocol, which with_server.py starts. With
// parts of 5 MiB, so that uploads in several parts are in it too.
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>

#include "sluice/aws/credentials_for_test.h"
#include "sluice/object/s3_store.h"
#include "tests/contract/object_store_contract.h"

namespace sluice {
namespace {

// The server that with_server.py started: versitygw, moto or MinIO.
std::string Address() {
  for (const char* name : {"SLUICE_S3_ENDPOINT", "SLUICE_MOTO_ENDPOINT", "SLUICE_MINIO_ENDPOINT"}) {
    if (const char* value = std::getenv(name)) return value;
  }
  ADD_FAILURE() << "no server: run it by with_server.py";
  return "";
}

std::string Setting(const char* name) {
  const char* const value = std::getenv(name);
  EXPECT_NE(value, nullptr) << name << " is not set: run it by with_server.py";
  return value == nullptr ? "" : value;
}

// A new bucket of the server, made by the very client that stores use.
class ServersBucket : public StoreUnderTest {
 public:
  ServersBucket()
      : credentials_(std::make_shared<FixedCredentials>(
            AwsCredentials{.access_key_id = Setting("AWS_ACCESS_KEY_ID"),
                           .secret_access_key = Setting("AWS_SECRET_ACCESS_KEY")})) {
    static std::atomic<int> number = 0;
    options_ = {.bucket = {.bucket = fmt::format("contract-{}-{}", getpid(), ++number),
                           .region = "us-east-1",
                           .endpoint = ParseEndpoint(Address()).value()},
                .prefix = "pre fix/",
                .transfer = {.part_size = MiB(5)}};
    const auto client =
        AwsClient::Make({.scope = {.service = "s3", .region = "us-east-1", .is_s3 = true},
                         .endpoint = *options_.bucket.endpoint,
                         .failures = {},
                         .read_failure = ReadXmlFailure},
                        credentials_, clock_)
            .value();
    const auto made =
        client->Call({.request = {.method = "PUT", .target = "/" + options_.bucket.bucket}});
    EXPECT_TRUE(made) << made.error().message();
  }

  std::unique_ptr<ObjectStore> Open() override {
    return S3Store::Open(options_, credentials_, clock_).value();
  }
  int many() const override { return 2'500; }
  size_t longest_key() const override { return 1024 - options_.prefix.size(); }
  bool takes_any_prefix() const override { return !is_minio(); }
  bool pages_folders_among_files() const override { return !is_minio(); }

 private:
  // What differs there is in README.md.
  static bool is_minio() { return std::getenv("SLUICE_MINIO_ENDPOINT") != nullptr; }

  SystemClock clock_;
  S3StoreOptions options_;
  const std::shared_ptr<CredentialsSource> credentials_;
};

INSTANTIATE_TEST_SUITE_P(S3, ObjectStoreContract,
                         ::testing::Values(StoreFactory{
                             "S3", [] { return std::make_unique<ServersBucket>(); }}));

}  // namespace
}  // namespace sluice
