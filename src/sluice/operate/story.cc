// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/story.h"

#include <algorithm>
#include <utility>

#include "sluice/base/json_text.h"

namespace sluice {

std::string MomentText(std::string_view time) {
  std::string text(time.substr(0, 19));
  std::ranges::replace(text, 'T', ' ');
  return text;
}

void Story::Add(std::string_view at, std::string text) {
  lines.push_back({MomentText(at), std::move(text)});
}

void Story::End(std::string word, std::string sentence, const std::string& fix) {
  state = std::move(word);
  verdict = std::move(sentence);
  if (!fix.empty()) verdict += "; to fix: " + fix;
  needs_attention = !fix.empty();
}

void Story::SortLines() {
  std::vector<std::pair<std::string, Line>> keyed;
  std::string last;
  for (Line& line : lines) {
    if (!line.at.empty()) last = line.at;
    keyed.emplace_back(last, std::move(line));
  }
  std::ranges::stable_sort(keyed, {}, &std::pair<std::string, Line>::first);
  lines.clear();
  for (auto& [at, line] : keyed) lines.push_back(std::move(line));
}

std::string ToJson(const Story& story) {
  JsonText json;
  json.BeginObject().Key("kind").Value(story.kind).Key("subject").Value(story.subject);
  json.Key("state").Value(story.state).Key("lines").BeginArray();
  for (const Story::Line& line : story.lines) {
    json.BeginObject().Key("at");
    line.at.empty() ? json.Null() : json.Value(line.at);
    json.Key("text").Value(line.text).EndObject();
  }
  json.EndArray().Key("verdict").Value(story.verdict);
  json.Key("needs_attention").Value(story.needs_attention).EndObject();
  return json.text();
}

}  // namespace sluice
