// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/pipeline_status.h"

namespace sluice {

Result<StatusReport> StatusOf(PipelineView& view, Timestamp now, StatusDepth depth) {
  const PipelineConfig& config = view.config();
  SLUICE_ASSIGN(const auto raw, view.OpenIfThere(config.raw));
  const RawLayout layout = view.layout();
  const LedgerNames names = NamesOf(config);
  const StatusLimits limits{.stale_after = config.alert.stale_after,
                            .warn_above = config.quarantine.warn_above};
  SLUICE_ASSIGN(StatusReport report, GatherStatus({.tables = view.tables(),
                                                   .source = view.source(),
                                                   .notifications = view.notifications(),
                                                   .warehouse = view.warehouse(),
                                                   .raw = raw.get(),
                                                   .layout = layout,
                                                   .names = names},
                                                  now, limits, depth));
  SLUICE_ASSIGN(report.notifications_kept, view.NotificationsKept());
  report.source_is_stream = config.source.location.kind == Location::Kind::kKinesis;
  return report;
}

}  // namespace sluice
