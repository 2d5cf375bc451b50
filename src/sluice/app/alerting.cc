// SPDX-License-Identifier: Apache-2.0
#include "sluice/app/alerting.h"

#include "sluice/app/pipeline_status.h"
#include "sluice/connect/webhook.h"
#include "sluice/operate/alerts.h"
#include "sluice/operate/memory_log.h"

namespace sluice {
namespace {

Result<Secret> WebhookOf(PipelineView& view) {
  const SecretSetting& setting = view.config().alert.webhook;
  if (const auto* secret = std::get_if<Secret>(&setting)) return *secret;
  SLUICE_ASSIGN(const auto fetcher, view.connector().OpenSecret(std::get<KeptSecret>(setting)));
  SLUICE_ASSIGN(FetchedSecret fetched, fetcher->Fetch());
  return std::move(fetched.secret);
}

Result<AlertMemory> Remembered(const ObjectStore& store, MemoryLog& log) {
  SLUICE_ASSIGN(const std::string text, log.Newest());
  if (text.empty()) return AlertMemory();
  auto memory = ParseAlertMemory(text);
  if (!memory) return std::unexpected(memory.error().During(store.uri() + log.key()));
  return memory;
}

// So that what is missing is looked for until it is loaded or gone, however old it is. Where
// somebody else has changed that since it was read, the next report says what came of it.
Status RememberOverdue(ObjectStore& store, const std::string& pipeline,
                       const StatusReport& report) {
  const bool is_known = report.landed && !report.landed->is_estimate &&
                        report.WhyNotKnown(StatusPart::kQuarantineStore) == nullptr;
  if (!is_known) return {};
  return OverdueMemory(store, pipeline).Change([&](const OverdueHours& now) {
    return now == report.remembered ? report.overdue() : now;
  });
}

}  // namespace

Status TellAlerts(PipelineView& view, Timestamp now) {
  if (!view.config().alert.has_webhook()) return {};
  SLUICE_ASSIGN(const auto store, view.OpenIfThere(view.config().quarantine));
  if (store == nullptr) return {};
  const StatusReport report = StatusOf(view, now, StatusDepth::kLedger);
  const std::string& pipeline = view.config().name;
  const Status remembered = RememberOverdue(*store, pipeline, report);
  MemoryLog log(*store, "alerts", pipeline);
  SLUICE_ASSIGN(AlertMemory memory, Remembered(*store, log));
  const std::vector<Alert> alerts =
      AlertsOf(ConcernsOf(report), memory, now, !report.overdue().empty());
  if (alerts.empty()) return remembered;
  SLUICE_ASSIGN(const Secret url, WebhookOf(view));
  SLUICE_ASSIGN(Webhook webhook, Webhook::At(url));
  Status told_all;
  bool told_any = false;
  for (const Alert& alert : alerts) {
    const Status posted = webhook.Post(ToJson(alert, pipeline, now));
    if (posted) {
      memory = Remember(std::move(memory), alert, now);
      told_any = true;
      continue;
    }
    if (told_all) told_all = posted;
    // One that is refused says nothing of the others; where nobody answers they would wait as long.
    if (posted.error().kind() != ErrorKind::kPermanent) break;
  }
  if (told_any) {
    const Status kept = log.Append(ToText(memory));
    if (!kept && kept.error().kind() != ErrorKind::kConflict) return kept;
  }
  return told_all ? remembered : told_all;
}

}  // namespace sluice
