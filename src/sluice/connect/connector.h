// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "sluice/base/clock.h"
#include "sluice/base/fault_plan.h"
#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"
#include "sluice/connect/aws_access.h"
#include "sluice/connect/secret_fetcher.h"
#include "sluice/object/object_store.h"
#include "sluice/object/s3_store.h"
#include "sluice/queue/queue.h"
#include "sluice/queue/sqs_queue.h"
#include "sluice/queue/stream.h"

namespace sluice {

// What a pipeline gets from the process it runs in.
struct PipelineEnvironment {
  Clock& clock;
  std::stop_token stop;
  // For tests: every operation on queues, stores and warehouse goes through it. Null: nothing goes
  // wrong.
  std::shared_ptr<FaultPlan> faults;
  // When calls to stores must have ended; outlives all. Null: never.
  const MovingDeadline* store_deadline = nullptr;
};

enum class WhenMissing {
  kMake,
  kLeave,  // nothing is made: the part is null
};

// Opens the queues and stores that a configuration names: the only place that knows which
// implementation stands behind which interface. A folder is made where it is missing; what is at
// AWS is there or not, and says so when it is first used. One thread at a time. `config` and
// `environment` outlive it and what it opens.
class Connector {
 public:
  Connector(const PipelineConfig& config, const PipelineEnvironment& environment)
      : config_(config), environment_(environment), access_(config.name, environment.clock) {}

  // Null where the source is a stream.
  Result<std::unique_ptr<Queue>> OpenSource(WhenMissing when_missing);
  // Null where it is a queue.
  Result<std::unique_ptr<Stream>> OpenStream();
  Result<std::unique_ptr<Queue>> OpenNotifications(WhenMissing when_missing);
  // Where notifications go that are not ours. Null where the queue's own redrive policy does that.
  Result<std::unique_ptr<Queue>> OpenDeadNotifications();
  Result<std::unique_ptr<ObjectStore>> OpenStore(const StoreConfig& store);
  Result<std::unique_ptr<SecretFetcher>> OpenSecret(const KeptSecret& secret);

  // As they are, to be asked what only they can tell. kPermanent of another kind.
  Result<std::unique_ptr<SqsQueue>> OpenSqsSource();
  Result<std::unique_ptr<SqsQueue>> OpenSqsNotifications();
  Result<std::unique_ptr<S3Store>> OpenS3(const StoreConfig& store);
  // Ends uploads to `store` that dead processes left a day ago or longer, where that is S3. Without
  // the permission for it the bucket's lifecycle has to do it; nothing fails.
  void EndOldUploads(const StoreConfig& store);
  // Are there credentials, of the process or of `role`?
  Status TryCredentials(const std::optional<AssumeRole>& role, const std::string& region);

 private:
  Result<std::unique_ptr<Queue>> OpenFolderQueue(const Location& location, const std::string& name,
                                                 WhenMissing when_missing);
  Result<std::unique_ptr<SqsQueue>> OpenSqs(const Location& location, const ServiceOptions& service,
                                            const std::optional<AssumeRole>& role);
  std::unique_ptr<Queue> WithFaults(std::unique_ptr<Queue> queue) const;

  const PipelineConfig& config_;
  const PipelineEnvironment& environment_;
  AwsAccess access_;
};

// The region that SQS's own host names say, "sqs.REGION.amazonaws.com"; else `otherwise`.
std::string SqsRegionOf(std::string_view host, const std::string& otherwise);
// Does `path` exist? An error where that cannot be told.
Result<bool> Exists(const std::string& path);
// Where the queues of a folder stand.
std::string QueueFile(const Location& location);

}  // namespace sluice
