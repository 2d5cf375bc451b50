// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "sluice/base/json_text.h"
#include "sluice/base/percent_encoding.h"

namespace sluice {
namespace {

constexpr std::string_view kFirstLine = "sluice alerts 1\n";

bool IsAbout(const ToldConcern& told, std::string_view type, std::string_view subject) {
  return told.type == type && told.subject == subject;
}

// Each one more is news.
bool CountIsNews(ConcernKind kind) {
  return kind == ConcernKind::kHeld || kind == ConcernKind::kMissing ||
         kind == ConcernKind::kDeadLetters || kind == ConcernKind::kNewField ||
         kind == ConcernKind::kTypeChanged;
}

bool IsDue(const Concern& concern, const ToldConcern& told, Timestamp now) {
  if (now - told.told >= kTellAgain) return true;
  return CountIsNews(concern.kind) && concern.count > told.count && now - told.told >= kTellMore;
}

bool IsOneOf(std::string_view type, std::initializer_list<ConcernKind> kinds) {
  return std::ranges::any_of(kinds, [&](ConcernKind kind) { return type == Name(kind); });
}

// Is `now` of a part that could not be asked, and would have to say that `told` is over?
bool Hides(const Concern& now, const ToldConcern& told) {
  using enum ConcernKind;
  if (now.kind == kWarehouseDown) {
    const bool is_of_tables =
        IsOneOf(told.type, {kNotKnown}) && told.subject == Name(StatusPart::kTables);
    return is_of_tables ||
           !IsOneOf(told.type, {kWarehouseDown, kNotKnown, kExpiring, kDeadLetters});
  }
  if (now.kind != kNotKnown) return false;
  if (now.subject == Name(StatusPart::kTables)) {
    return IsOneOf(told.type, {kRowsMissing, kTableDiffers});
  }
  if (now.subject == Name(StatusPart::kQuarantineStore)) return IsOneOf(told.type, {kMissing});
  for (const auto& [dead_letters, queue] :
       {std::pair{StatusPart::kSourceDeadLetters, StatusPart::kSource},
        {StatusPart::kNotificationDeadLetters, StatusPart::kNotifications}}) {
    if (now.subject != Name(dead_letters)) continue;
    return IsOneOf(told.type, {kDeadLetters}) && told.subject == Name(queue);
  }
  if (now.subject == Name(StatusPart::kRetention)) return IsOneOf(told.type, {kExpiring});
  if (now.subject == Name(StatusPart::kRawStore)) {
    return IsOneOf(told.type, {kMissing, kStale, kExpiring, kQuarantine});
  }
  if (IsOneOf(told.type, {kDeadLetters})) return told.subject == now.subject;
  return now.subject == Name(StatusPart::kNotifications) &&
         IsOneOf(told.type, {kMissing, kStale, kExpiring});
}

// The field in front of the next blank or line end, taken off with it; nothing where none stands.
std::optional<std::string_view> TakeField(std::string_view& text, char end) {
  const size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view field = text.substr(0, at);
  text.remove_prefix(at + 1);
  return field;
}

std::optional<ToldConcern> TakeLine(std::string_view& text) {
  const auto type = TakeField(text, ' '), subject = TakeField(text, ' '),
             count = TakeField(text, ' '), since = TakeField(text, ' '),
             told = TakeField(text, '\n');
  if (!type || !subject || !count || !since || !told) return std::nullopt;
  const auto name = DecodeForm(*subject);
  const auto first = FromIso8601(*since), last = FromIso8601(*told);
  if (!name || !first || !last) return std::nullopt;
  ToldConcern concern{.type = std::string(*type), .subject = *name, .since = *first, .told = *last};
  const char* const end = count->data() + count->size();
  const auto [stop, error] = std::from_chars(count->data(), end, concern.count);
  if (error != std::errc() || stop != end) return std::nullopt;
  return concern;
}

}  // namespace

std::vector<Alert> AlertsOf(const std::vector<Concern>& concerns, const AlertMemory& memory,
                            Timestamp now, bool has_overdue) {
  std::vector<Alert> alerts;
  for (const Concern& concern : concerns) {
    if (concern.kind == ConcernKind::kPaused) continue;
    const std::string_view type = Name(concern.kind);
    const auto told = std::ranges::find_if(
        memory, [&](const ToldConcern& one) { return IsAbout(one, type, concern.subject); });
    if (told != memory.end() && !IsDue(concern, *told, now)) continue;
    alerts.push_back({.type = std::string(type),
                      .subject = concern.subject,
                      .severity = SeverityOf(concern.kind),
                      .count = concern.count,
                      .text = concern.text,
                      .next = concern.next,
                      .since = told == memory.end() ? now : told->since});
  }
  for (const ToldConcern& told : memory) {
    const bool may_be_missing = has_overdue && IsOneOf(told.type, {ConcernKind::kMissing});
    const bool goes_on = may_be_missing || std::ranges::any_of(concerns, [&](const Concern& one) {
                           return IsAbout(told, Name(one.kind), one.subject) || Hides(one, told);
                         });
    if (goes_on) continue;
    alerts.push_back(
        {.state = Alert::State::kResolved,
         .type = told.type,
         .subject = told.subject,
         .text = fmt::format("over, after {}: {}{}{}", AgeText(now - told.since), told.type,
                             told.subject.empty() ? "" : " of ", told.subject),
         .next = {},
         .since = told.since});
  }
  return alerts;
}

AlertMemory Remember(AlertMemory memory, const Alert& alert, Timestamp now) {
  std::erase_if(memory,
                [&](const ToldConcern& one) { return IsAbout(one, alert.type, alert.subject); });
  if (alert.state == Alert::State::kFiring) {
    memory.push_back({.type = alert.type,
                      .subject = alert.subject,
                      .count = alert.count,
                      .since = alert.since,
                      .told = now});
  }
  return memory;
}

std::string ToJson(const Alert& alert, std::string_view pipeline, Timestamp now) {
  JsonText json;
  json.BeginObject().Key("version").Value(1).Key("pipeline").Value(pipeline);
  json.Key("type").Value(alert.type);
  json.Key("state").Value(alert.state == Alert::State::kFiring ? "firing" : "resolved");
  json.Key("severity").Value(Name(alert.severity)).Key("subject").Value(alert.subject);
  json.Key("count").Value(alert.count);
  json.Key("text").Value(fmt::format("{}: {}", pipeline, alert.text));
  json.Key("next").Value(alert.next).Key("since").Value(ToIso8601(alert.since));
  json.Key("time").Value(ToIso8601(now)).EndObject();
  return json.text();
}

std::string ToText(const AlertMemory& memory) {
  std::string text(kFirstLine);
  for (const ToldConcern& told : memory) {
    text += told.type + ' ';
    AppendPercentEncoded(text, told.subject);
    text += fmt::format(" {} {} {}\n", told.count, ToIso8601(told.since), ToIso8601(told.told));
  }
  return text;
}

Result<AlertMemory> ParseAlertMemory(std::string_view text) {
  const auto wrong = [] {
    return Fail(ErrorKind::kBadData, "not what this sluice remembers of alerts");
  };
  if (!text.starts_with(kFirstLine)) return wrong();
  text.remove_prefix(kFirstLine.size());
  AlertMemory memory;
  while (!text.empty()) {
    auto concern = TakeLine(text);
    if (!concern) return wrong();
    memory.push_back(*std::move(concern));
  }
  return memory;
}

}  // namespace sluice
