// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/sample_reader.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/codec/stream_codec.h"
#include "sluice/land/message_splitter.h"

namespace sluice {
namespace {

// The front of a text: to its first line end, and without that.
std::string_view TakeLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// At most `limit`. False where there is more.
Result<bool> ReadFront(ByteSource& source, Bytes limit, std::string& text) {
  constexpr size_t kPiece = size_t{1} << 20;
  for (;;) {
    const size_t before = text.size();
    text.resize(before + kPiece);
    SLUICE_ASSIGN(const size_t n, source.Read(std::span(text).subspan(before)));
    text.resize(before + n);
    if (n == 0) return true;
    if (text.size() <= limit.count) continue;
    text.resize(limit.count);
    return false;
  }
}

// Behind the quote that closes the string in `text` that opens at `at`; npos where none does.
size_t EndOfString(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at < text.size() ? at + 1 : std::string_view::npos;
}

// Whether an object that begins so is {"Records":[…
bool IsRecords(std::string_view front) {
  std::string dense(front);
  std::erase_if(dense, [](char c) { return IsBlank({&c, 1}); });
  return dense == R"({"Records":[)";
}

// What is whole of a text that is cut anywhere: values one behind the other, and of a last one that
// is an array, or {"Records":[…]}, its elements, with the brackets that it lacks.
std::string WholeEvents(std::string_view text) {
  std::string open;  // brackets, the outermost first
  size_t begin = 0, end = 0;
  std::string_view lacking;
  bool in_records = false;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      i = EndOfString(text, i);
      continue;
    }
    ++i;
    if (c == '{' || c == '[') {
      if (open.empty()) begin = i - 1;
      open += c;
      if (open == "{[") in_records = IsRecords(text.substr(begin, i - begin));
    } else if ((c == '}' || c == ']') && !open.empty()) {
      open.pop_back();
      const bool is_element = open == "[" || (open == "{[" && in_records);
      if (!open.empty() && !is_element) continue;
      end = i;
      lacking = open.empty() ? "" : open == "[" ? "]" : "]}";
    }
  }
  return std::string(text.substr(0, end)).append(lacking);
}

// Behind the last line that has an end.
size_t EndOfLines(std::string_view text) {
  return text.rfind('\n') + 1;  // npos + 1 is 0
}

// The events of a text that is not one event a line.
std::string SplitWhole(std::string_view text, bool is_cut) {
  std::string events;
  SplitCounts counts = SplitMessage("sample", is_cut ? WholeEvents(text) : text, events);
  if (!is_cut || counts.enveloped == 0) return events;
  // Lines after all, of which the first is broken; or nothing but an event that is cut.
  events.clear();
  counts = SplitMessage("sample", text.substr(0, EndOfLines(text)), events);
  return counts.lines > counts.enveloped ? events : "";
}

}  // namespace

Result<SampleEnd> ReadSample(ByteSource& stored, const SampleLimits& limits, SampleLines& lines) {
  const auto source = DecompressingSource(stored);
  std::string text;
  SLUICE_ASSIGN(const bool is_whole, ReadFront(*source, limits.bytes, text));
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  std::string_view look = rest, first;
  while (!look.empty() && IsBlank(first)) first = TakeLine(look);
  // A first line that is no event by itself may be the beginning of one.
  std::string events;
  const bool has_lines = is_whole || EndOfLines(rest) > 0;
  const bool by_lines = has_lines && SplitMessage("sample", first, events).enveloped == 0;
  if (by_lines && !is_whole) rest = rest.substr(0, EndOfLines(rest));
  const size_t before = lines.count();
  while (!rest.empty()) {
    const std::string_view body = by_lines ? TakeLine(rest) : std::exchange(rest, {});
    if (IsBlank(body)) continue;
    if (by_lines) {
      events.clear();
      SplitMessage("sample", body, events);
    } else {
      events = SplitWhole(body, !is_whole);
    }
    for (std::string_view made = events; !made.empty();) {
      if (lines.count() - before >= limits.events) return SampleEnd::kEvents;
      lines.Add(TakeLine(made));
    }
  }
  return is_whole ? SampleEnd::kWhole : SampleEnd::kBytes;
}

}  // namespace sluice
