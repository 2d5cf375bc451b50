// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/pipeline_view.h"

#include "sluice/app/pipeline.h"

namespace sluice {

Result<std::unique_ptr<PipelineView>> PipelineView::Open(PipelineConfig config,
                                                         PipelineEnvironment environment) {
  SLUICE_TRY(RequireRunnable(config));
  std::unique_ptr<PipelineView> view(new PipelineView(std::move(config), std::move(environment)));
  const PipelineConfig& c = view->config_;
  SLUICE_ASSIGN(view->source_,
                OpenQueue(c.source.location, "source", WhenMissing::kLeave, view->environment_));
  SLUICE_ASSIGN(view->notifications_, OpenQueue(c.raw.notifications, "notifications",
                                                WhenMissing::kLeave, view->environment_));
  view->warehouse_ = OpenWarehouse(c, view->environment_);
  SLUICE_TRY(view->LookFor("the source queue", QueueFile(c.source.location)));
  if (c.raw.notifications != c.source.location)
    SLUICE_TRY(view->LookFor("the notification queue", QueueFile(c.raw.notifications)));
  SLUICE_TRY(view->LookFor("the raw store", c.raw.location.text));
  SLUICE_TRY(view->LookFor("the Parquet store", c.parquet.location.text));
  SLUICE_TRY(view->LookFor("the quarantine store", c.quarantine.location.text));
  SLUICE_TRY(view->LookFor("the warehouse", std::get<DuckDbTarget>(c.warehouse.target).path));
  return view;
}

Status PipelineView::LookFor(std::string_view part, const std::string& path) {
  SLUICE_ASSIGN(const bool exists, Exists(path));
  if (!exists)
    not_there_yet_.push_back(
        fmt::format("{} is not there yet; the first run makes it: {}", part, path));
  return {};
}

}  // namespace sluice
