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

// At most `limit`, and then whole lines only. False where there is more.
Result<bool> ReadFront(ByteSource& source, Bytes limit, std::string& text) {
  constexpr size_t kPiece = size_t{1} << 20;
  for (;;) {
    const size_t before = text.size();
    text.resize(before + kPiece);
    SLUICE_ASSIGN(const size_t n, source.Read(std::span(text).subspan(before)));
    text.resize(before + n);
    if (n == 0) return true;
    if (text.size() <= limit.count) continue;
    text.resize(std::min<uint64_t>(text.size(), limit.count));
    text.resize(text.rfind('\n') + 1);  // npos + 1 is 0
    return false;
  }
}

}  // namespace

Result<bool> ReadSample(ByteSource& stored, const SampleLimits& limits, SampleLines& lines) {
  const auto source = DecompressingSource(stored);
  std::string text;
  SLUICE_ASSIGN(const bool is_whole, ReadFront(*source, limits.bytes, text));
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  std::string_view look = rest, first;
  while (!look.empty() && IsBlank(first)) first = TakeLine(look);
  // A first line that is no event by itself may be the beginning of one.
  std::string events;
  const bool by_lines = SplitMessage("sample", first, events).enveloped == 0;
  while (!rest.empty()) {
    const std::string_view body = by_lines ? TakeLine(rest) : std::exchange(rest, {});
    if (IsBlank(body)) continue;
    events.clear();
    SplitMessage("sample", body, events);
    for (std::string_view made = events; !made.empty();) {
      if (lines.count() >= limits.events) return false;
      lines.Add(TakeLine(made));
    }
  }
  return is_whole;
}

}  // namespace sluice
