// SPDX-License-Identifier: Apache-2.0
// Any message becomes whole lines; each event is in it byte for byte but for CR and LF, or in an
// envelope byte for byte, in the order of the message; nothing is made up. What simdjson takes for
// JSON has as many lines as it has events. Two messages in one are the events of both. Compressed,
// and that in base64, a message gives the same lines, or is kept as it came where it has no event.
#include <simdjson.h>

#include <algorithm>
#include <optional>

#include "sluice/base/base64.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/land/message_encoding.h"
#include "sluice/land/message_splitter.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/seed_files.h"

namespace sluice {
namespace {

constexpr std::string_view kEnvelopeFront = R"({"sluice_raw":{"id":"m","base64":")";
constexpr std::string_view kEnvelopeEnd = "\"}}";

struct Lines {
  std::vector<std::string> lines;
  uint64_t enveloped = 0;
};

Lines Split(std::string_view body) {
  std::string text = "before\n";
  const SplitCounts counts = SplitMessage("m", body, text);
  SLUICE_CHECK(text.starts_with("before\n") && text.ends_with('\n'));
  SLUICE_CHECK(text.find('\r') == std::string::npos);
  Lines out{.enveloped = counts.enveloped};
  for (size_t at = 7; at < text.size();) {
    const size_t end = text.find('\n', at);
    out.lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  SLUICE_CHECK(counts.lines == out.lines.size() && counts.lines >= 1);
  return out;
}

// The bytes in an envelope; nothing where the line is none.
std::optional<std::string> Enveloped(std::string_view line) {
  if (!line.starts_with(kEnvelopeFront)) return std::nullopt;
  SLUICE_CHECK(line.ends_with(kEnvelopeEnd));
  line.remove_prefix(kEnvelopeFront.size());
  line.remove_suffix(kEnvelopeEnd.size());
  std::optional<std::string> bytes = FromBase64(line);
  SLUICE_CHECK(bytes);
  return bytes;
}

void CheckBytes(std::string_view body, const Lines& out) {
  std::string spaced(body);
  std::ranges::replace_if(spaced, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  uint64_t enveloped = 0;
  size_t at = 0;
  for (const std::string& line : out.lines) {
    const auto bytes = Enveloped(line);
    enveloped += bytes ? 1 : 0;
    at = bytes ? body.find(*bytes, at) : spaced.find(line, at);
    SLUICE_CHECK(at != std::string::npos);
    SLUICE_CHECK(bytes || (!line.empty() && line.front() != ' ' && line.back() != ' '));
    at += bytes ? bytes->size() : line.size();
  }
  SLUICE_CHECK(enveloped == out.enveloped);
}

// How many events a JSON text holds; nothing where simdjson does not take it.
std::optional<size_t> EventsIn(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const simdjson::padded_string padded(body);
  if (parser.parse(padded).get(root) != simdjson::SUCCESS) return std::nullopt;
  simdjson::dom::array elements;
  if (root.is_object()) {
    const simdjson::dom::object object = root.get_object().value_unsafe();
    if (object.size() != 1 || object["Records"].get(elements) != simdjson::SUCCESS) return 1;
  } else if (root.get(elements) != simdjson::SUCCESS) {
    return 1;
  }
  size_t count = 0;
  for ([[maybe_unused]] const auto element : elements) ++count;
  return std::max<size_t>(count, 1);
}

bool IsPlain(std::string_view body) {
  return body.find_first_of("\r\n") == std::string_view::npos &&
         !body.starts_with("\xEF\xBB\xBF") && Split(body).enveloped == 0;
}

void CheckConcatenation(std::string_view one, std::string_view other) {
  if (!IsPlain(one) || !IsPlain(other)) return;
  std::vector<std::string> both = Split(one).lines;
  for (std::string& line : Split(other).lines) both.push_back(std::move(line));
  for (const char* between : {"", " ", "\n", "\r\n"}) {
    SLUICE_CHECK(Split(std::string(one) + between + std::string(other)).lines == both);
  }
}

std::string Compressed(StreamFormat format, std::string_view text) {
  StringSink sink;
  const auto compressor = MakeCompressingSink(format, sink);
  SLUICE_CHECK(compressor->Write(text).has_value() && compressor->Finish().has_value());
  return sink.text();
}

bool IsKeptWhole(const Lines& out, std::string_view body) {
  return out.lines.size() == 1 && Enveloped(out.lines[0]) == body;
}

void CheckEncodings(std::string_view body, const Lines& plain) {
  for (const StreamFormat format : {StreamFormat::kGzip, StreamFormat::kZstd}) {
    const std::string bytes = Compressed(format, body), text = ToBase64(bytes);
    SLUICE_CHECK(DecodedBody(bytes) == body && DecodedBody(text) == body);
    for (const std::string& encoded : {bytes, text}) {
      const Lines out = Split(encoded);
      const bool may_be_kept = IsKeptWhole(plain, body) || DecodedBody(body);
      const bool may_be_read = !DecodedBody(body);  // one level
      SLUICE_CHECK((may_be_kept && IsKeptWhole(out, encoded)) ||
                   (may_be_read && out.lines == plain.lines));
    }
  }
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> seeds = GoldenSeeds("convert", "in.ndjson");
  for (std::string& seed : GoldenSeeds("notification", "body.json")) {
    seeds.push_back(std::move(seed));
  }
  seeds.insert(seeds.end(),
               {"{\"Records\":[{\"a\":1},{\"b\":[2,{\"c\":3}]}]}\n{\"Records\":[]}",
                "[{\"a\":1},\r\n{\"b\":\"\\\"}\"},7]", "{\"a\": {\r\n \"b\": 1}\n}{\"c\":[]}",
                "{\"a\":1}\n{\"b\":\"x\n\"}\nnoise\n{\"c\":3}", "{\"sluice_raw\":{\"id\":1}}"});
  constexpr std::string_view kEvents = "{\"a\":1}\n{\"Records\":[{\"b\":2}]}\n";
  for (const StreamFormat format : {StreamFormat::kGzip, StreamFormat::kZstd}) {
    seeds.push_back(Compressed(format, kEvents));
    seeds.push_back(ToBase64(seeds.back()));
  }
  return seeds;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const std::string_view body = FuzzInput(data, size).Rest();
  const Lines out = Split(body);
  const std::optional<std::string> decoded = MayBeEncoded(body) ? DecodedBody(body) : std::nullopt;
  CheckBytes(decoded && !IsKeptWhole(out, body) ? *decoded : body, out);
  if (size % 4 == 0) CheckEncodings(body, out);  // it takes most of the time
  if (const auto events = EventsIn(body)) SLUICE_CHECK(out.lines.size() == *events);
  const size_t newline = std::min(body.find('\n'), body.size());
  CheckConcatenation(body.substr(0, newline), body.substr(std::min(newline + 1, body.size())));
  return 0;
}
