// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/pipeline_status.h"

namespace sluice {
namespace {

Result<OverdueHours> Remembered(PipelineView& view) {
  SLUICE_ASSIGN(const auto store, view.OpenIfThere(view.config().quarantine));
  if (store == nullptr) return OverdueHours();
  return OverdueMemory(*store, view.config().name).Read();
}

}  // namespace

StatusReport StatusOf(PipelineView& view, Timestamp now, StatusDepth depth) {
  const PipelineConfig& config = view.config();
  const auto raw = view.OpenIfThere(config.raw);
  const auto source = view.Source(), notifications = view.Notifications();
  std::vector<NotKnown> not_opened;
  if (!source) not_opened.push_back({StatusPart::kSource, source.error()});
  if (!notifications) not_opened.push_back({StatusPart::kNotifications, notifications.error()});
  if (!raw) not_opened.push_back({StatusPart::kRawStore, raw.error()});
  auto remembered = Remembered(view);
  if (!remembered) not_opened.push_back({StatusPart::kQuarantineStore, remembered.error()});
  const RawLayout layout = view.layout();
  const LedgerNames names = NamesOf(config);
  const StatusLimits limits{.stale_after = config.alert.stale_after,
                            .warn_above = config.quarantine.warn_above};
  StatusReport report = GatherStatus({.tables = view.tables(),
                                      .source = source.value_or(nullptr),
                                      .notifications = notifications.value_or(nullptr),
                                      .warehouse = view.warehouse(),
                                      .raw = raw ? raw->get() : nullptr,
                                      .layout = layout,
                                      .names = names,
                                      .remembered = remembered.value_or(OverdueHours()),
                                      .not_opened = std::move(not_opened)},
                                     now, limits, depth);
  const auto kept = view.NotificationsKept();
  if (kept) {
    report.notifications_kept = *kept;
  } else if (report.WhyNotKnown(StatusPart::kNotifications) == nullptr) {
    report.not_known.push_back({StatusPart::kRetention, kept.error()});
  }
  report.source_is_stream = config.source.location.kind == Location::Kind::kKinesis;
  return report;
}

}  // namespace sluice
