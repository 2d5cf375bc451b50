// SPDX-License-Identifier: Apache-2.0
// The first byte chooses. Any bytes decompressed: the same however they are cut into reads and
// whatever is decoded ahead, in bounded memory, and gzip as libdeflate has it. Or any bytes
// compressed, and back again.
#include <libdeflate.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "sluice/codec/parallel_decompressor.h"
#include "sluice/codec/stream_codec.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/seed_files.h"

namespace sluice {
namespace {

constexpr size_t kEnough = size_t{4} << 20;  // of what a bomb gives

struct Decompressed {
  std::string text;
  bool is_whole = true;  // false: there was more than kEnough
  bool is_bad = false;
  std::string fault;
};

Decompressed ReadAll(ByteSource& source, size_t buffer_size) {
  Decompressed out;
  std::string buffer(buffer_size, '\0');
  while (out.text.size() < kEnough) {
    const Result<size_t> n = source.Read(buffer);
    if (!n) {
      SLUICE_CHECK(n.error().kind() == ErrorKind::kBadData);
      const auto again = source.Read(buffer);
      SLUICE_CHECK(!again && again.error().message() == n.error().message());
      out.is_bad = true;
      out.fault = n.error().message();
      return out;
    }
    if (*n == 0) return out;
    SLUICE_CHECK(*n <= buffer.size());
    out.text.append(buffer, 0, *n);
  }
  out.is_whole = false;
  return out;
}

Decompressed Decompress(std::string_view stored, size_t piece, size_t buffer_size) {
  StringSource stored_source(stored, piece);
  return ReadAll(*DecompressingSource(stored_source), buffer_size);
}

// Helps itself before some of its reads.
class Helped : public ByteSource {
 public:
  Helped(ParallelDecompressor& source, unsigned pattern) : source_(source), pattern_(pattern) {}
  Result<size_t> Read(std::span<char> buffer) override {
    for (unsigned i = 0; i < pattern_ % 4 && source_.Help(); ++i) continue;
    pattern_ = pattern_ >> 2 | pattern_ << 30;
    return source_.Read(buffer);
  }

 private:
  ParallelDecompressor& source_;
  unsigned pattern_;
};

// `choice` is any number.
Decompressed DecompressAhead(std::string_view stored, unsigned choice) {
  StringSource stored_source(stored, choice % 3 == 0 ? 7 : SIZE_MAX);
  const AheadOptions options{.pieces = choice % 5,
                             .smallest_piece = choice % 2 == 0 ? 1U : 40U,
                             .largest_piece = choice % 7 == 0 ? 60U : 1000U,
                             .largest_text = choice % 4 == 0 ? 100U : 1U << 20};
  const auto source = MakeParallelDecompressor(stored_source, options);
  std::atomic<bool> done = false;
  std::jthread helper;
  if (choice % 8 == 1) {
    helper = std::jthread([&] {
      while (!done) source->Help();
    });
  }
  Helped helped(*source, choice * 0x9E3779B1U);
  Decompressed out = ReadAll(helped, choice % 3 == 1 ? 10 : 1 << 16);
  done = true;
  return out;
}

// Nothing where it is not gzip, or more than kEnough.
std::optional<Decompressed> DecompressByLibdeflate(std::string_view stored) {
  static const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>
      decompressor(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  static std::string buffer(kEnough, '\0');
  Decompressed out;
  if (!stored.starts_with("\x1F\x8B")) return std::nullopt;
  while (!stored.empty() && !out.is_bad) {
    size_t taken = 0, made = 0;
    const auto result =
        libdeflate_gzip_decompress_ex(decompressor.get(), stored.data(), stored.size(),
                                      buffer.data(), buffer.size(), &taken, &made);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) return std::nullopt;
    out.is_bad = result != LIBDEFLATE_SUCCESS;
    if (out.is_bad) break;
    out.text.append(buffer, 0, made);
    if (out.text.size() >= kEnough) return std::nullopt;
    stored.remove_prefix(taken);
  }
  return out;
}

// Whether a member's header may have a checksum, which libdeflate does not look at.
bool MayHaveHeaderChecksum(std::string_view stored) {
  for (size_t at = 0; (at = stored.find("\x1F\x8B\x08", at)) != std::string_view::npos; ++at) {
    if (at + 3 < stored.size() && (stored[at + 3] & 2) != 0) return true;
  }
  return false;
}

// Of a damaged member more or less may come out before the fault.
void CheckSame(const Decompressed& one, const Decompressed& other) {
  SLUICE_CHECK(one.text.starts_with(other.text) || other.text.starts_with(one.text));
  if (!one.is_whole || !other.is_whole) return;
  SLUICE_CHECK(one.is_bad || one.text == other.text);
  SLUICE_CHECK(one.is_bad == other.is_bad && one.fault == other.fault);
}

void CheckDecompression(std::string_view stored, unsigned choice) {
  const Decompressed whole = Decompress(stored, SIZE_MAX, 1 << 16);
  const Decompressed cut = Decompress(stored, 3, 1000);
  const Decompressed ahead = DecompressAhead(stored, choice);
  CheckSame(whole, cut);
  CheckSame(whole, ahead);
  const auto theirs = DecompressByLibdeflate(stored);
  if (!theirs) return;
  if (theirs->is_bad) SLUICE_CHECK(whole.is_bad);
  if (whole.is_bad) {
    SLUICE_CHECK(theirs->is_bad || MayHaveHeaderChecksum(stored));
  } else {
    SLUICE_CHECK(theirs->text == whole.text);
  }
}

void CheckRoundTrip(StreamFormat format, std::string_view text) {
  StringSink at_once, in_pieces;
  const auto one = MakeCompressingSink(format, at_once),
             other = MakeCompressingSink(format, in_pieces);
  SLUICE_CHECK(one->Write(text) && one->Finish());
  for (std::string_view rest = text; !rest.empty();
       rest.remove_prefix(std::min<size_t>(rest.size(), 5))) {
    SLUICE_CHECK(other->Write(rest.substr(0, 5)));
  }
  SLUICE_CHECK(other->Finish());
  SLUICE_CHECK(at_once.text() == in_pieces.text());
  const Decompressed back = Decompress(at_once.text(), 100, 100);
  SLUICE_CHECK(!back.is_bad && back.text == text);
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> seeds{"\1{\"a\":1}\n{\"a\":2}\n", "\2{\"a\":1}\n{\"a\":2}\n"};
  char choice = 0;
  for (const char* name : {"in.ndjson.gz", "in.ndjson.zst"}) {
    for (const std::string& seed : GoldenSeeds("convert", name)) {
      seeds.push_back('\0' + seed);
      for (int i = 0; i < 4; ++i, choice = static_cast<char>((choice + 3) % 120)) {
        seeds.push_back(choice + seed + seed + seed);
      }
    }
  }
  return seeds;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  FuzzInput input(data, size);
  const unsigned choice = input.Byte();
  switch (choice % 3) {
    case 0:
      CheckDecompression(input.Rest(), choice / 3);
      break;
    case 1:
      CheckRoundTrip(StreamFormat::kGzip, input.Rest());
      break;
    default:
      CheckRoundTrip(StreamFormat::kZstd, input.Rest());
  }
  return 0;
}
