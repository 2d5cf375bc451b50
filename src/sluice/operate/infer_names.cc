// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/infer_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "sluice/base/utf8.h"

namespace sluice {
namespace {

constexpr size_t kLongestIdentifier = 63;

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// A capital begins a word behind a small letter or digit, and before a small letter: page|URL,
// URL|path.
bool BeginsWord(std::string_view key, size_t i) {
  if (i == 0 || !IsUpper(key[i])) return false;
  const bool behind_small = IsLower(key[i - 1]) || IsDigit(key[i - 1]);
  const bool before_small = i + 1 < key.size() && IsLower(key[i + 1]);
  return behind_small || (IsUpper(key[i - 1]) && before_small);
}

bool HasAny(std::string_view key, std::initializer_list<std::string_view> wanted) {
  const std::vector<std::string> words = WordsOf(key);
  return std::ranges::any_of(words, [&](const std::string& word) {
    return std::ranges::find(wanted, word) != wanted.end();
  });
}

std::string Cut(std::string identifier) {
  identifier.resize(std::min(identifier.size(), kLongestIdentifier));
  return identifier;
}

}  // namespace

std::vector<std::string> WordsOf(std::string_view key) {
  std::vector<std::string> words;
  bool in_word = false;
  for (size_t i = 0; i < key.size(); ++i) {
    const char c = key[i];
    if (!IsLower(c) && !IsUpper(c) && !IsDigit(c)) {
      in_word = false;
      continue;
    }
    if (!in_word || BeginsWord(key, i)) words.emplace_back();
    in_word = true;
    words.back() += IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return words;
}

std::string IdentifierOf(std::string_view key) {
  const bool is_one = !key.empty() && !IsDigit(key[0]) && std::ranges::all_of(key, [](char c) {
    return IsLower(c) || IsDigit(c) || c == '_';
  });
  if (is_one) return Cut(std::string(key));
  std::string joined = fmt::format("{}", fmt::join(WordsOf(key), "_"));
  if (joined.empty()) joined = "field";
  if (IsDigit(joined[0])) joined.insert(0, "_");
  return Cut(std::move(joined));
}

std::string IdentifierOf(const FieldPath& path) {
  std::vector<std::string> parts;
  for (const std::string& key : path) parts.push_back(IdentifierOf(std::string_view(key)));
  return Cut(fmt::format("{}", fmt::join(parts, "_")));
}

std::optional<IdName> IdNameOf(std::string_view key) {
  const std::vector<std::string> words = WordsOf(key);
  if (words.empty()) return std::nullopt;
  const std::string& first = words.front();
  const std::string& last = words.back();
  if (words.size() == 1 && (last == "eventid" || last == "requestid")) return IdName::kEvent;
  if (last != "id" && last != "uuid" && last != "guid" && last != "ulid") return std::nullopt;
  if (words.size() == 1) return IdName::kEvent;
  // A "parent_event_id" and an "event_type_id" are of something else.
  const bool names_event = words.size() == 2 && (first == "event" || first == "request");
  return names_event ? IdName::kEvent : IdName::kThing;
}

std::optional<IdName> IdNameOf(const FieldPath& path) {
  const std::string& key = path.back();
  if (path.size() == 1) return IdNameOf(key);
  // "id" is of what it stands in.
  const std::string& parent = path[path.size() - 2];
  if (WordsOf(key).size() == 1) return IdNameOf(fmt::format("{}_{}", parent, key));
  // So may be "event_id", but for what only wraps an event.
  const auto name = IdNameOf(key);
  const std::vector<std::string> words = WordsOf(parent);
  const bool is_envelope =
      words.size() == 1 && HasAny(parent, {"event", "request", "data", "payload", "body", "message",
                                           "detail", "properties", "attributes", "meta", "metadata",
                                           "header", "headers", "envelope"});
  return name && !is_envelope ? IdName::kThing : name;
}

bool IsTimeName(std::string_view key) {
  return HasAny(key, {"time",     "times", "timestamp", "ts",     "date",    "datetime", "at",
                      "on",       "when",  "epoch",     "millis", "ms",      "created",  "updated",
                      "occurred", "day",   "since",     "until",  "expires", "received", "sent"});
}

bool IsMomentName(std::string_view key) {
  constexpr std::string_view kBehind[] = {"ms",     "millis",  "us",  "micros", "s",
                                          "second", "seconds", "utc", "unix",   "on"};
  constexpr std::string_view kMoments[] = {"time",     "timestamp", "ts",    "date",    "datetime",
                                           "at",       "when",      "epoch", "created", "updated",
                                           "occurred", "modified",  "since", "until",   "expires"};
  std::vector<std::string> words = WordsOf(key);
  while (words.size() > 1 && std::ranges::find(kBehind, words.back()) != std::end(kBehind)) {
    words.pop_back();
  }
  if (words.empty()) return false;
  // Times that something takes.
  if (words.back() == "time" &&
      HasAny(key, {"load", "response", "processing", "elapsed", "render", "wait", "dwell", "watch",
                   "play", "run", "idle", "query", "total", "avg", "average", "mean", "median",
                   "min", "max"})) {
    return false;
  }
  // Something else may be sent or received: "bytes_sent".
  const bool is_alone = words.size() == 1 && (words[0] == "sent" || words[0] == "received");
  return is_alone || std::ranges::find(kMoments, words.back()) != std::end(kMoments);
}

bool IsEventTimeName(std::string_view key) {
  return IsMomentName(key) &&
         HasAny(key, {"time", "timestamp", "ts", "datetime", "at", "when", "created", "occurred",
                      "date"}) &&
         !HasAny(key, {"received", "ingested", "sent", "updated", "modified", "processed", "loaded",
                       "inserted", "expires", "expiry", "until", "birth", "deleted", "end",
                       "landed", "last", "first", "next", "signup"});
}

bool CanBeWritten(std::string_view text) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  return !text.empty() && IsUtf8(text) && std::ranges::none_of(text, is_control);
}

std::string FromText(const FieldPath& path) {
  std::string text;
  for (size_t i = 0; i < path.size(); ++i) {
    if (i > 0) text += '.';
    for (const char c : path[i]) {
      if (c == '.' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text;
}

}  // namespace sluice
