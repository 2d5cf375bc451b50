// SPDX-License-Identifier: Apache-2.0
#include "sluice/land/message_splitter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <span>

#include "sluice/base/base64.h"
#include "sluice/base/json_text.h"
#include "sluice/land/message_encoding.h"

namespace sluice {
namespace {

// Of one message, beyond which it is one envelope. Only what was compressed can come so far.
constexpr Bytes kMostLines = MiB(128);
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

enum class CharClass : uint8_t { kOther, kLineEnd, kQuote, kOpening, kClosing, kComma };

constexpr auto kClassOf = [] {
  std::array<CharClass, 256> classes{};
  classes['\r'] = classes['\n'] = CharClass::kLineEnd;
  classes['"'] = CharClass::kQuote;
  classes['{'] = classes['['] = CharClass::kOpening;
  classes['}'] = classes[']'] = CharClass::kClosing;
  classes[','] = CharClass::kComma;
  return classes;
}();

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char* SkipBlanks(const char* at, const char* end) {
  while (at != end && IsBlank(*at)) ++at;
  return at;
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

// The first '"', '\' or control character, eight bytes at a time: in the word, the lowest marked
// byte is one of them (marks above it may be borrows).
const char* FindSpecialInString(const char* at, const char* end) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  if constexpr (std::endian::native == std::endian::little) {
    for (; end - at >= 8; at += 8) {
      uint64_t word;
      std::memcpy(&word, at, 8);
      const uint64_t quote = word ^ (kOnes * '"');
      const uint64_t backslash = word ^ (kOnes * '\\');
      const uint64_t marks = (((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) |
                              ((word - kOnes * 0x20) & ~word)) &
                             kHighs;
      if (marks != 0) return at + std::countr_zero(marks) / 8;
    }
  }
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}

// Whether the string with the bytes `raw` between its quotes is `key`, which holds letters and '_'
// only, so that \u00XX is the one other way to write a character of it.
bool Spells(std::string_view raw, std::string_view key) {
  if (raw.size() < key.size() || raw.size() > 6 * key.size()) return false;
  for (const char c : key) {
    if (raw.starts_with(c)) {
      raw.remove_prefix(1);
      continue;
    }
    if (raw.size() < 6 || !raw.starts_with("\\u")) return false;
    unsigned code = 0;
    const auto [stop, error] = std::from_chars(raw.data() + 2, raw.data() + 6, code, 16);
    if (error != std::errc() || stop != raw.data() + 6 || code != static_cast<unsigned char>(c)) {
      return false;
    }
    raw.remove_prefix(6);
  }
  return raw.empty();
}

// What was seen inside one event.
struct Sight {
  bool line_end = false;            // CR or LF anywhere
  bool line_end_in_string = false;  // which JSON does not allow
  bool unseparated_lines = false;   // '}', line end, '{': two lines of NDJSON rather than one value
  bool has_envelope_key = false;

  bool IsDoubtful() const { return line_end_in_string || unseparated_lines; }
};

// From behind the opening quote to the closing one; null where there is none.
const char* FindClosingQuote(const char* at, const char* end, Sight& sight) {
  while ((at = FindSpecialInString(at, end)) != end) {
    if (*at == '"') return at;
    if (*at == '\\') {
      ++at;
      if (at != end && (*at == '"' || *at == '\\')) ++at;
    } else {
      if (*at == '\n' || *at == '\r') sight.line_end = sight.line_end_in_string = true;
      ++at;
    }
  }
  return nullptr;
}

// From the first line end of a run of blanks to behind the run.
const char* PassLineEnd(const char* at, const char* end, Sight& sight) {
  sight.line_end = true;
  const char* before = at - 1;  // an opening bracket stands somewhere before
  while (IsBlank(*before)) --before;
  at = SkipBlanks(at, end);
  if (*before == '}' && at != end && *at == '{') sight.unseparated_lines = true;
  return at;
}

// From inside a container to the ',' or closing bracket on its own level; null where there is none.
// Levels are counted, kinds of brackets are not compared: `{"a":1]` is a fault of its line only.
// The keys of the event are `key_level` levels further in.
const char* FindItemEnd(const char* at, const char* end, uint32_t key_level, Sight& sight) {
  uint32_t level = 0;
  while (at != end) {
    switch (kClassOf[static_cast<unsigned char>(*at)]) {
      case CharClass::kOther:
        ++at;
        break;
      case CharClass::kLineEnd:
        at = PassLineEnd(at, end, sight);
        break;
      case CharClass::kQuote: {
        const char* text = at + 1;
        const char* quote = FindClosingQuote(text, end, sight);
        if (quote == nullptr) return nullptr;
        at = quote + 1;
        if (level == key_level && Spells({text, quote}, "sluice_raw")) {
          const char* colon = SkipBlanks(at, end);
          sight.has_envelope_key |= colon != end && *colon == ':';
        }
        break;
      }
      case CharClass::kOpening:
        ++level;
        ++at;
        break;
      case CharClass::kClosing:
        if (level == 0) return at;
        --level;
        ++at;
        break;
      case CharClass::kComma:
        if (level == 0) return at;
        ++at;
        break;
    }
  }
  return nullptr;
}

// The '[' of `{"Records":[`, or null where the object at `at` does not begin so.
const char* FindRecordsArray(const char* at, const char* end) {
  at = SkipBlanks(at + 1, end);
  if (at == end || *at != '"') return nullptr;
  const void* quote = std::memchr(at + 1, '"', static_cast<size_t>(end - at - 1));
  if (quote == nullptr || !Spells({at + 1, static_cast<const char*>(quote)}, "Records")) {
    return nullptr;
  }
  at = SkipBlanks(static_cast<const char*>(quote) + 1, end);
  if (at == end || *at != ':') return nullptr;
  at = SkipBlanks(at + 1, end);
  return at != end && *at == '[' ? at : nullptr;
}

class Splitter {
 public:
  Splitter(std::string_view id, std::string& lines) : id_(id), lines_(lines) {}

  // `body` is what came, `content` what is in it.
  void Split(std::string_view body, std::string_view content) {
    const Mark start = Here();
    most_ = start.size + kMostLines.count;
    if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
    if (ReadContent(content, start) && !is_too_much_) return;
    GoBack(start);
    AppendEnvelope(body);
  }

  const SplitCounts& counts() const { return counts_; }

 private:
  enum class Reading { kClean, kDoubtful, kFailed };
  struct Mark {
    size_t size;
    SplitCounts counts;
  };

  Mark Here() const { return {lines_.size(), counts_}; }
  void GoBack(const Mark& mark) {
    lines_.resize(mark.size);
    counts_ = mark.counts;
  }
  // Takes back what was appended from `from` to `to`, and leaves what came later.
  void Forget(const Mark& from, const Mark& to) {
    lines_.erase(from.size, to.size - from.size);
    counts_.lines -= to.counts.lines - from.counts.lines;
    counts_.enveloped -= to.counts.enveloped - from.counts.enveloped;
  }

  // False where nothing can be made of it.
  bool ReadContent(std::string_view text, const Mark& start) {
    const Reading reading = ReadValues(text);
    if (reading == Reading::kClean) return true;
    if (reading == Reading::kFailed) GoBack(start);

    const Mark read = Here();
    if (ReadLines(text)) {
      Forget(start, read);
      return true;
    }
    GoBack(read);
    return reading != Reading::kFailed;
  }

  Reading ReadValues(std::string_view text) {
    const char* end = text.data() + text.size();
    const char* at = SkipBlanks(text.data(), end);
    if (at == end) return Reading::kFailed;
    bool doubtful = false;
    while (at != end) {
      if (*at != '{' && *at != '[') return Reading::kFailed;
      at = ReadValue(at, end, doubtful);
      if (at == nullptr) return Reading::kFailed;
      at = SkipBlanks(at, end);
    }
    return doubtful ? Reading::kDoubtful : Reading::kClean;
  }

  // Appends the events of one value; returns its end, or null where it does not close.
  const char* ReadValue(const char* at, const char* end, bool& doubtful) {
    const Mark start = Here();
    const char* array = *at == '[' ? at : FindRecordsArray(at, end);
    const char* after = array == nullptr ? nullptr : ReadElements(array, end, doubtful);
    if (after != nullptr && array != at) {
      after = SkipBlanks(after, end);
      after = after != end && *after == '}' ? after + 1 : nullptr;
    }
    if (after != nullptr && counts_.lines > start.counts.lines) return after;
    GoBack(start);
    return ReadWhole(at, end, doubtful);
  }

  const char* ReadElements(const char* array, const char* end, bool& doubtful) {
    for (const char* at = array + 1;; ++at) {
      Sight sight;
      const char* stop = FindItemEnd(at, end, 1, sight);
      if (stop == nullptr || *stop == '}') return nullptr;
      doubtful |= sight.IsDoubtful();
      Append(Trimmed({at, stop}), sight);
      if (*stop != ',') return stop + 1;
      at = stop;
    }
  }

  const char* ReadWhole(const char* value, const char* end, bool& doubtful) {
    Sight sight;
    const char* stop = value;
    do {
      stop = FindItemEnd(stop + 1, end, 0, sight);
      if (stop == nullptr) return nullptr;
    } while (*stop == ',');
    if (*stop != (*value == '{' ? '}' : ']')) return nullptr;
    doubtful |= sight.IsDoubtful();
    Append({value, stop + 1}, sight);
    return stop + 1;
  }

  // NDJSON with broken lines; false where too few lines are objects for it to be that.
  bool ReadLines(std::string_view text) {
    size_t objects = 0, others = 0;
    while (!text.empty()) {
      const size_t length = std::min(text.find('\n'), text.size());
      const std::string_view line = Trimmed(text.substr(0, length));
      text.remove_prefix(std::min(length + 1, text.size()));
      if (line.empty()) continue;
      const Mark start = Here();
      if (line.starts_with('{') && ReadValues(line) != Reading::kFailed) {
        ++objects;
      } else {
        GoBack(start);
        Envelop(line);
        ++others;
      }
    }
    return objects > 0 && objects >= others;
  }

  void Append(std::string_view event, const Sight& sight) {
    if (event.empty()) return;
    if (sight.line_end_in_string || sight.has_envelope_key) return Envelop(event);
    const size_t start = lines_.size();
    lines_.append(event);
    if (sight.line_end) {
      for (char& c : std::span(lines_).subspan(start)) c = c == '\n' || c == '\r' ? ' ' : c;
    }
    lines_ += '\n';
    ++counts_.lines;
  }

  // The one thing that makes many bytes of few.
  void Envelop(std::string_view bytes) {
    is_too_much_ |= lines_.size() > most_;
    if (!is_too_much_) AppendEnvelope(bytes);
  }

  void AppendEnvelope(std::string_view bytes) {
    JsonText json;
    json.BeginObject().Key("sluice_raw").BeginObject();
    json.Key("id").Value(id_).Key("base64").Value(ToBase64(bytes)).EndObject().EndObject();
    lines_.append(json.text());
    lines_ += '\n';
    ++counts_.lines;
    ++counts_.enveloped;
  }

  std::string_view id_;
  std::string& lines_;
  SplitCounts counts_;
  size_t most_ = 0;  // what lines_ may hold when one more is enveloped
  bool is_too_much_ = false;
};

}  // namespace

SplitCounts SplitMessage(std::string_view id, std::string_view body, std::string& lines) {
  Splitter splitter(id, lines);
  const std::optional<std::string> decoded = MayBeEncoded(body) ? DecodedBody(body) : std::nullopt;
  splitter.Split(body, decoded ? *decoded : body);
  return splitter.counts();
}

}  // namespace sluice
