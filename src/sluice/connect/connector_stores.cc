// SPDX-License-Identifier: Apache-2.0
// The half of Connector that opens stores: a program that only writes objects is not linked with
// the libraries of queues.
#include "sluice/base/log.h"
#include "sluice/connect/connector.h"
#include "sluice/object/directory_store.h"
#include "sluice/object/faulty_store.h"

namespace sluice {
namespace {

constexpr std::chrono::hours kLeftUploadsAfter(24);

}  // namespace

Result<std::unique_ptr<ObjectStore>> Connector::OpenStore(const StoreConfig& config) {
  std::unique_ptr<ObjectStore> store;
  if (config.location.is_folder()) {
    SLUICE_ASSIGN(store, DirectoryStore::At(config.location.text));
  } else {
    SLUICE_ASSIGN(store, OpenS3(config));
  }
  if (!environment_.faults) return store;
  return std::make_unique<FaultyStore>(std::move(store), environment_.faults.get());
}

Result<std::unique_ptr<S3Store>> Connector::OpenS3(const StoreConfig& config) {
  if (config.location.kind != Location::Kind::kS3) {
    return Fail(ErrorKind::kPermanent, "not at AWS: {}", config.location.text);
  }
  const S3Place place = S3PlaceOf(config.location.text);
  S3StoreOptions options{.bucket = {.bucket = std::string(place.bucket),
                                    .region = config.service.region,
                                    .endpoint = std::nullopt,
                                    .owner = config.bucket_owner,
                                    .kms_key = config.kms_key,
                                    .deadline = environment_.store_deadline},
                         .prefix = std::string(place.prefix),
                         .transfer = {.part_size = config.part_size}};
  if (!config.service.endpoint.empty()) {
    SLUICE_ASSIGN(options.bucket.endpoint, ParseEndpoint(config.service.endpoint));
  }
  SLUICE_ASSIGN(auto credentials, access_.CredentialsFor(std::nullopt, config.service.region));
  return S3Store::Open(std::move(options), std::move(credentials), environment_.clock);
}

void Connector::EndOldUploads(const StoreConfig& config) {
  // A bucket without a prefix may have others' uploads in it.
  if (config.location.kind != Location::Kind::kS3 || S3PlaceOf(config.location.text).prefix.empty())
    return;
  const auto store = OpenS3(config);
  const Result<size_t> ended =
      store ? (*store)->AbortUploads(environment_.clock.Now() - kLeftUploadsAfter)
            : std::unexpected(store.error());
  if (!ended) {
    Log(LogLevel::kDebug, "cannot look for uploads that were left: {}", ended.error().message());
  } else if (*ended > 0) {
    Log(LogLevel::kInfo, "ended uploads that were left: uploads={} store={}", *ended,
        config.location.text);
  }
}

}  // namespace sluice
