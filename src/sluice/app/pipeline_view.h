// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/app/pipeline_parts.h"
#include "sluice/base/result.h"
#include "sluice/config/pipeline_config.h"
#include "sluice/object/object_names.h"

namespace sluice {

// What is there of a pipeline, to look at: nothing is made, received or written. The warehouse
// answers for itself that it holds nothing yet, or is gone (MissesItsWarehouse).
class PipelineView {
 public:
  static Result<std::unique_ptr<PipelineView>> Open(PipelineConfig config,
                                                    PipelineEnvironment environment);

  const TableSet& tables() const { return *config_.tables; }
  // Opened when they are first asked for. Null: it is not there yet, or the source is a stream.
  Result<Queue*> Source();
  Result<Queue*> Notifications();
  Warehouse& warehouse() { return *warehouse_; }
  const PipelineConfig& config() const { return config_; }
  // To open what else is there.
  Connector& connector() { return connector_; }
  // kPermanent where its folder is not there.
  Result<std::unique_ptr<ObjectStore>> OpenRaw();
  // A store of the configuration; null where its folder is not there.
  Result<std::unique_ptr<ObjectStore>> OpenIfThere(const StoreConfig& store);
  RawLayout layout() const;
  // How long the queue keeps a notification; absent: for ever.
  Result<std::optional<std::chrono::seconds>> NotificationsKept();
  // One sentence for each part that is not there yet; the first run makes it.
  const std::vector<std::string>& not_there_yet() const { return not_there_yet_; }

 private:
  PipelineView(PipelineConfig config, PipelineEnvironment environment)
      : config_(std::move(config)), environment_(std::move(environment)) {}
  Status LookFor(std::string_view part, const Location& location, const std::string& path);

  const PipelineConfig config_;
  const PipelineEnvironment environment_;
  Connector connector_{config_, environment_};
  std::unique_ptr<Queue> source_, notifications_;
  std::unique_ptr<Warehouse> warehouse_;
  std::vector<std::string> not_there_yet_;
};

}  // namespace sluice
