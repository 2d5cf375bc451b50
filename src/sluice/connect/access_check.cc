// SPDX-License-Identifier: Apache-2.0
#include "sluice/connect/access_check.h"

#include <array>

#include "sluice/config/warehouse_section.h"
#include "sluice/object/object_names.h"

namespace sluice {
namespace {

constexpr const char* kNoReceipt = "sluice-check";  // of no delivery
constexpr const char* kNoKey = "sluice-check";      // of no object

// "arn:aws:sqs:REGION:ACCOUNT:NAME" of a queue's address.
std::string QueueArn(std::string_view url, const std::string& region) {
  const size_t name = url.rfind('/');
  const size_t account = url.rfind('/', name - 1);
  const std::string_view host = url.substr(url.find("://") + 3);
  const std::string its = SqsRegionOf(host, region);
  return fmt::format("arn:{}:sqs:{}:{}:{}", PartitionOf(its), its,
                     url.substr(account + 1, name - account - 1), url.substr(name + 1));
}

// "arn:aws:s3:::BUCKET/PREFIX*" of a store in S3.
std::string ObjectsArn(const StoreConfig& config) {
  const S3Place place = S3PlaceOf(config.location.text);
  return fmt::format("arn:{}:s3:::{}/{}*", PartitionOf(config.service.region), place.bucket,
                     place.prefix);
}

Status WithoutValue(const auto& result) {
  if (result) return {};
  return std::unexpected(result.error());
}

class Trial {
 public:
  Trial(Connector& connector, const PipelineConfig& config)
      : connector_(connector), config_(config) {}

  std::vector<TriedAction> Run() {
    if (!HasCredentials()) return std::move(tried_);
    const SourceConfig& source = config_.source;
    if (source.location.kind == Location::Kind::kSqs && has_source_role_) {
      TryQueue("source.sqs", connector_.OpenSqsSource(), source.location, source.service.region);
    }
    if (config_.raw.notifications.kind == Location::Kind::kSqs) {
      TryQueue("raw.notifications", connector_.OpenSqsNotifications(), config_.raw.notifications,
               config_.raw.service.region);
    }
    if (source.location.kind == Location::Kind::kKinesis && has_source_role_) TryStream();
    TryStore("raw", config_.raw);
    if (TryStore("parquet", config_.parquet)) TryStaging();
    if (TryStore("quarantine", config_.quarantine)) TryMemory();
    TryCheckpoints();
    TrySecrets();
    TryWarehouseRole();
    return std::move(tried_);
  }

 private:
  // Is it worth trying more of the part? What is not there, or cannot be reached, fails alike.
  bool Add(std::string part, std::string action, std::string resource, Status result) {
    tried_.push_back({std::move(part), std::move(action), std::move(resource), std::move(result)});
    return tried_.back().result || tried_.back().is_denied();
  }

  static bool IsAtAws(const Location& location) {
    return location.kind != Location::Kind::kNone && !location.is_folder();
  }

  bool HasCredentials() {
    const std::array<const Location*, 5> places = {
        &config_.source.location, &config_.raw.location, &config_.raw.notifications,
        &config_.parquet.location, &config_.quarantine.location};
    const bool needs_any =
        std::ranges::any_of(places, [](const Location* place) { return IsAtAws(*place); });
    if (!needs_any && secrets_.empty()) return false;
    const Status own = connector_.TryCredentials(std::nullopt, "");
    if (!own) Add("credentials", "", "", own);
    if (!own || !config_.source.assume_role) return own.has_value();
    const Status assumed =
        connector_.TryCredentials(config_.source.assume_role, config_.source.service.region);
    has_source_role_ = assumed.has_value();
    Add("source.assume_role", "sts:AssumeRole", config_.source.assume_role->arn, assumed);
    return true;
  }

  void TryQueue(const std::string& part, const Result<std::unique_ptr<SqsQueue>>& opened,
                const Location& location, const std::string& region) {
    const std::string arn = QueueArn(location.text, region);
    const Result<QueueDepth> depth = opened ? (*opened)->Depth() : std::unexpected(opened.error());
    if (!Add(part, "sqs:GetQueueAttributes", arn, WithoutValue(depth))) return;
    SqsQueue& queue = **opened;
    Add(part, "sqs:ReceiveMessage", arn,
        WithoutValue(queue.Receive({.max_messages = 1,
                                    .wait = std::chrono::milliseconds(0),
                                    .visibility_timeout = std::chrono::seconds(0)})));
    const Receipt none{kNoReceipt};
    Add(part, "sqs:ChangeMessageVisibility", arn,
        WithoutValue(queue.Extend({&none, 1}, std::chrono::seconds(0))));
    Add(part, "sqs:DeleteMessage", arn, WithoutValue(queue.Delete({&none, 1})));
    if (depth) TryDeadLetters(part, queue, depth->dead);
  }

  // Who asks how many there are needs both; `dead` is what the second answered.
  void TryDeadLetters(const std::string& part, SqsQueue& queue, const Result<uint64_t>& dead) {
    const auto settings = queue.Settings();
    if (!settings || settings->dead_letter_arn.empty()) return;
    const auto url = queue.UrlOf(settings->dead_letter_arn);
    Add(part, "sqs:GetQueueUrl", settings->dead_letter_arn, WithoutValue(url));
    if (!url) return;
    Add(part, "sqs:GetQueueAttributes", settings->dead_letter_arn, WithoutValue(dead));
  }

  void TryStream() {
    const std::string& name = config_.source.location.text;
    const std::string& region = config_.source.service.region;
    const std::string arn =
        name.starts_with("arn:")
            ? name
            : fmt::format("arn:{}:kinesis:{}:*:stream/{}", PartitionOf(region), region, name);
    const auto stream = connector_.OpenStream();
    const auto shards = stream ? (*stream)->Shards() : std::unexpected(stream.error());
    if (!Add("source.kinesis", "kinesis:ListShards", arn, WithoutValue(shards))) return;
    if (!shards || shards->empty()) return;
    const auto reader = (*stream)->Open(shards->front().id, StreamPosition::TrimHorizon());
    if (!Add("source.kinesis", "kinesis:GetShardIterator", arn, WithoutValue(reader))) return;
    if (!reader) return;
    Add("source.kinesis", "kinesis:GetRecords", arn, WithoutValue((*reader)->Read(1)));
  }

  // As Add; false for a folder.
  bool TryStore(const std::string& part, const StoreConfig& config) {
    if (config.location.kind != Location::Kind::kS3) return false;
    const std::string objects = ObjectsArn(config);
    const std::string bucket = objects.substr(0, objects.find('/'));
    const auto opened = connector_.OpenS3(config);
    const Status listed = opened ? WithoutValue((*opened)->List("", "", 1)) : WithoutValue(opened);
    if (!Add(part, "s3:ListBucket", bucket, listed)) return false;
    if (!opened) return false;
    S3Store& store = **opened;
    // Who may not list is not told that an object is missing, only that it is forbidden.
    if (listed) {
      Status seen = WithoutValue(store.Stat(kNoKey));
      if (!seen && seen.error().kind() == ErrorKind::kNotFound) seen = {};
      Add(part, "s3:GetObject", objects, std::move(seen));
    }
    TriedUpload upload = store.TryUpload(kNoKey);
    Add(part, "s3:PutObject", objects, std::move(upload.begun));
    if (upload.ended) Add(part, "s3:AbortMultipartUpload", objects, std::move(*upload.ended));
    if (!S3PlaceOf(config.location.text).prefix.empty()) {  // else nobody looks for them
      Add(part, "s3:ListBucketMultipartUploads", bucket,
          WithoutValue(store.AbortUploads(Timestamp::min())));
    }
    return true;
  }

  // Loads take their manifests away again.
  void TryStaging() {
    const auto& target = config_.warehouse.target;
    if (!std::holds_alternative<RedshiftTarget>(target) &&
        !std::holds_alternative<RedshiftDataApiTarget>(target)) {
      return;
    }
    TryRemove("parquet", config_.parquet, "staging/");
  }

  // What was remembered long ago of alerts, and of reconciling, is taken away there.
  void TryMemory() {
    if (config_.alert.has_webhook()) {
      TryRemove("quarantine", config_.quarantine, MemoryFolder("alerts", config_.name));
    }
    if (config_.reconcile.every.count() > 0) {
      TryRemove("quarantine", config_.quarantine, MemoryFolder("reconciled", config_.name));
    }
    if (config_.alert.has_webhook() || config_.reconcile.every.count() > 0) {
      TryRemove("quarantine", config_.quarantine, MemoryFolder("missing", config_.name));
    }
  }

  // Landing takes old entries away there.
  void TryCheckpoints() {
    const std::string part = "source.checkpoints";
    const StoreConfig& config = config_.source.checkpoints;
    if (TryStore(part, config)) TryRemove(part, config, "");
  }

  // An object that is not there.
  void TryRemove(const std::string& part, const StoreConfig& config, std::string_view folder) {
    std::string objects = ObjectsArn(config);
    objects.insert(objects.size() - 1, folder);
    const auto opened = connector_.OpenS3(config);
    if (!opened) return;
    Add(part, "s3:DeleteObject", std::move(objects),
        (*opened)->Remove(fmt::format("{}{}", folder, kNoKey)));
  }

  static std::vector<KeptPassword> SecretsOf(const PipelineConfig& config) {
    std::vector<KeptPassword> secrets;
    if (auto password = KeptPasswordOf(config.warehouse)) secrets.push_back(*std::move(password));
    if (const auto* webhook = std::get_if<KeptSecret>(&config.alert.webhook)) {
      secrets.push_back({.key = "alert.webhook", .secret = *webhook});
    }
    return secrets;
  }

  void TrySecrets() {
    if (secrets_.empty()) return;
    const std::optional<AssumeRole>& role = config_.secrets_manager.assume_role;
    if (role) {
      const Status assumed = connector_.TryCredentials(role, secrets_.front().secret.region);
      Add("secretsmanager.assume_role", "sts:AssumeRole", role->arn, assumed);
      if (!assumed) return;
    }
    for (const KeptPassword& kept : secrets_) {
      const auto fetcher = connector_.OpenSecret(kept.secret);
      if (fetcher) {
        tried_.push_back((*fetcher)->Try(kept.key));
      } else {
        Add(kept.key, "", "", WithoutValue(fetcher));
      }
    }
  }

  void TryWarehouseRole() {
    const auto attempt = [&](const std::string& part, const auto* target) {
      if (target == nullptr || !target->assume_role) return;
      Add(part + ".assume_role", "sts:AssumeRole", target->assume_role->arn,
          connector_.TryCredentials(target->assume_role, target->service.region));
    };
    const auto& target = config_.warehouse.target;
    attempt("warehouse.redshift", std::get_if<RedshiftTarget>(&target));
    attempt("warehouse.redshift_data_api", std::get_if<RedshiftDataApiTarget>(&target));
  }

  Connector& connector_;
  const PipelineConfig& config_;
  const std::vector<KeptPassword> secrets_ = SecretsOf(config_);
  std::vector<TriedAction> tried_;
  bool has_source_role_ = true;  // where one is wanted
};

}  // namespace

std::vector<TriedAction> TryAccess(Connector& connector, const PipelineConfig& config) {
  return Trial(connector, config).Run();
}

}  // namespace sluice
