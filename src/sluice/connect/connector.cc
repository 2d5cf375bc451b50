// SPDX-License-Identifier: Apache-2.0
#include "sluice/connect/connector.h"

#include <filesystem>

#include "sluice/object/directory_root.h"
#include "sluice/queue/faulty_queue.h"
#include "sluice/queue/faulty_stream.h"
#include "sluice/queue/kinesis_stream.h"
#include "sluice/queue/sqlite_queue.h"

namespace sluice {
namespace {

// "https://sqs.eu-central-1.amazonaws.com" of "https://sqs.eu-central-1.amazonaws.com/1/name".
std::string_view OriginOf(std::string_view url) {
  return url.substr(0, url.find('/', url.find("://") + 3));
}

std::unexpected<Error> OtherKind(const Location& location) {
  return Fail(ErrorKind::kPermanent, "not at AWS: {}", location.text);
}

}  // namespace

std::string SqsRegionOf(std::string_view host, const std::string& otherwise) {
  const size_t end = host.find(".amazonaws.com");
  if (!host.starts_with("sqs.") || end == std::string_view::npos || end <= 4) return otherwise;
  return std::string(host.substr(4, end - 4));
}

Result<bool> Exists(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  const bool is_absent = status.type() == std::filesystem::file_type::not_found;
  if (is_absent && error != std::errc::not_a_directory) return false;
  if (!error) return true;
  return Fail(ErrorKind::kPermanent, "cannot look at {}: {}", path, error.message());
}

std::string QueueFile(const Location& location) {
  return location.text + "/queue.db";
}

Result<std::unique_ptr<Queue>> Connector::OpenSource(WhenMissing when_missing) {
  if (config_.source.location.is_folder()) {
    return OpenFolderQueue(config_.source.location, "source", when_missing);
  }
  if (config_.source.location.kind == Location::Kind::kKinesis) return nullptr;
  SLUICE_ASSIGN(std::unique_ptr<Queue> queue, OpenSqsSource());
  return WithFaults(std::move(queue));
}

Result<std::unique_ptr<Stream>> Connector::OpenStream() {
  const SourceConfig& source = config_.source;
  if (source.location.kind != Location::Kind::kKinesis) return nullptr;
  SLUICE_ASSIGN(const HttpEndpoint endpoint,
                EndpointOf("kinesis", source.service.region, source.service.endpoint));
  SLUICE_ASSIGN(auto credentials,
                access_.CredentialsFor(source.assume_role, source.service.region));
  SLUICE_ASSIGN(auto client, MakeKinesisClient(endpoint, source.service.region,
                                               std::move(credentials), environment_.clock));
  auto stream =
      std::make_unique<KinesisStream>(std::move(client), source.location.text, environment_.clock);
  if (!environment_.faults) return stream;
  return std::make_unique<FaultyStream>(std::move(stream), environment_.faults.get());
}

Result<std::unique_ptr<Queue>> Connector::OpenNotifications(WhenMissing when_missing) {
  if (config_.raw.notifications.is_folder()) {
    return OpenFolderQueue(config_.raw.notifications, "notifications", when_missing);
  }
  SLUICE_ASSIGN(std::unique_ptr<Queue> queue, OpenSqsNotifications());
  return WithFaults(std::move(queue));
}

Result<std::unique_ptr<Queue>> Connector::OpenDeadNotifications() {
  if (!config_.raw.notifications.is_folder()) return nullptr;
  return OpenFolderQueue(config_.raw.notifications, "notifications-dead", WhenMissing::kMake);
}

Result<std::unique_ptr<Queue>> Connector::OpenFolderQueue(const Location& location,
                                                          const std::string& name,
                                                          WhenMissing when_missing) {
  if (when_missing == WhenMissing::kLeave) {
    SLUICE_ASSIGN(const bool exists, Exists(QueueFile(location)));
    if (!exists) return nullptr;
  } else {
    SLUICE_TRY(MakeDurableFolder(location.text));
  }
  SqliteQueueOptions options{
      .path = QueueFile(location),
      .name = name,
      .dead_letter_queue = name + "-dead",
      // Landing accepts every message, and a notification of ours comes again
      // until it is settled. Only what is not ours is moved, by the inbox.
      .max_receive_count = SqliteQueueOptions::kForEver,
      .stop = environment_.stop};
  SLUICE_ASSIGN(std::unique_ptr<Queue> queue,
                SqliteQueue::Open(std::move(options), environment_.clock));
  return WithFaults(std::move(queue));
}

Result<std::unique_ptr<SqsQueue>> Connector::OpenSqsSource() {
  return OpenSqs(config_.source.location, config_.source.service, config_.source.assume_role);
}

// The endpoint of `raw` is S3's.
Result<std::unique_ptr<SqsQueue>> Connector::OpenSqsNotifications() {
  return OpenSqs(config_.raw.notifications, {.region = config_.raw.service.region, .endpoint = {}},
                 std::nullopt);
}

Result<std::unique_ptr<SqsQueue>> Connector::OpenSqs(const Location& location,
                                                     const ServiceOptions& service,
                                                     const std::optional<AssumeRole>& role) {
  if (location.kind != Location::Kind::kSqs) return OtherKind(location);
  const std::string_view address =
      service.endpoint.empty() ? OriginOf(location.text) : std::string_view(service.endpoint);
  SLUICE_ASSIGN(const HttpEndpoint endpoint, ParseEndpoint(address));
  const std::string region = SqsRegionOf(endpoint.host, service.region);
  SLUICE_ASSIGN(auto credentials, access_.CredentialsFor(role, region));
  SLUICE_ASSIGN(auto client,
                MakeSqsClient(endpoint, region, std::move(credentials), environment_.clock));
  return std::make_unique<SqsQueue>(std::move(client), location.text);
}

Result<std::unique_ptr<SecretFetcher>> Connector::OpenSecret(const KeptSecret& secret) {
  return SecretFetcher::Make(secret, config_.secrets_manager, access_, environment_.clock);
}

Status Connector::TryCredentials(const std::optional<AssumeRole>& role, const std::string& region) {
  SLUICE_ASSIGN(const auto credentials, access_.CredentialsFor(role, region));
  SLUICE_TRY(credentials->Get());
  return {};
}

std::unique_ptr<Queue> Connector::WithFaults(std::unique_ptr<Queue> queue) const {
  if (!environment_.faults) return queue;
  return std::make_unique<FaultyQueue>(std::move(queue), environment_.faults.get());
}

}  // namespace sluice
