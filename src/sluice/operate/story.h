// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace sluice {

// What became of something, for people: facts in order of time, then one sentence.
struct Story {
  struct Line {
    std::string at;  // "2026-11-23 14:15:02", UTC; empty: of no moment
    std::string text;
  };

  std::string kind;     // "object", "event", "hour"
  std::string subject;  // its key, or the hours
  std::vector<Line> lines;
  std::string state;    // one word: docs/commands.md lists them
  std::string verdict;  // "loaded on … by …", or "not loaded, because …; to fix: …"
  bool needs_attention = false;

  // A fact of a moment, given as a warehouse or ToIso8601 spells it, or of none.
  void Add(std::string_view at, std::string text);
  // The end. `fix`: what to do about it, and then a person should look; may be empty.
  void End(std::string word, std::string sentence, const std::string& fix = "");
  // Lines by their moments, those without one where they stood: behind the line before them.
  void SortLines();
};

// "2026-11-23 14:15:02" of what a warehouse or ToIso8601 answers.
std::string MomentText(std::string_view time);

std::string ToJson(const Story& story);

}  // namespace sluice
