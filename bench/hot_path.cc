// SPDX-License-Identifier: Apache-2.0
// hot_path [--general] CONFIG FILE columns|none|snappy|zstd|read|decode REPETITIONS: the way from
// JSON lines in memory to columns or to Parquet bytes in memory, on one thread, as JSON. The first
// repetition, which finds cold memory, is not counted. --general: by the general path alone; an
// error in a build that has no other. Two measure the machine and its libraries instead: read only
// reads every word, decode only decompresses.
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/unaligned.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/config/load_config.h"
#include "sluice/ndjson/event_converter.h"
#include "sluice/parquet/page_memory.h"
#include "sluice/parquet/parquet_writer.h"
#include "sluice/transform/stream_converter.h"

namespace sluice {
namespace {

[[noreturn]] void Stop(std::string_view why) {
  fmt::print(stderr, "hot_path: {}\n", why);
  std::exit(1);
}

template <typename T>
T Must(Result<T> result) {
  if (!result) Stop(result.error().message());
  return std::move(*result);
}

class CountingSink : public ByteSink {
 public:
  Status Write(std::string_view data) override {
    bytes_ += data.size();
    return {};
  }
  uint64_t bytes() const { return bytes_; }

 private:
  uint64_t bytes_ = 0;
};

uint64_t CountLines(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// A copy in pages of 2 MiB, where the system has them: what is measured is not how it finds small
// ones. LineChunker::kPadding bytes behind it are readable.
class HugeCopy {
 public:
  explicit HugeCopy(std::string_view text) : size_(text.size()) {
    const size_t whole = (size_ + LineChunker::kPadding + kPage - 1) / kPage * kPage;
    data_.reset(static_cast<char*>(std::aligned_alloc(kPage, whole)));
    if (!data_) Stop("not enough memory");
    ::madvise(data_.get(), whole, MADV_HUGEPAGE);  // a wish
    std::memset(data_.get() + size_, 0, whole - size_);
    std::memcpy(data_.get(), text.data(), size_);
  }
  std::string_view text() const { return {data_.get(), size_}; }

 private:
  static constexpr size_t kPage = size_t{2} << 20;
  struct Free {
    void operator()(char* data) const { std::free(data); }
  };
  const size_t size_;
  std::unique_ptr<char[], Free> data_;
};

// Whole lines of `text`, about `size` bytes each.
std::vector<LineChunk> Cut(std::string_view text, size_t size) {
  std::vector<LineChunk> chunks;
  uint64_t line = 1;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.size(), begin + size);
    const size_t newline = text.rfind('\n', end - 1);
    if (newline != std::string_view::npos && newline >= begin) end = newline + 1;
    const std::string_view lines = text.substr(begin, end - begin);
    chunks.push_back({.text = lines, .byte_offset = begin, .first_line = line});
    line += CountLines(lines);
    begin = end;
  }
  return chunks;
}

struct Measured {
  double seconds = 0;
  uint64_t events = 0, fast_lines = 0, faults = 0, bytes = 0;
};

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

Measured ReadWords(std::string_view text) {
  const Stopwatch watch;
  uint64_t sum = 0;
  for (size_t at = 0; at + 8 <= text.size(); at += 8) sum += LoadAs<uint64_t>(text.data() + at);
  const double seconds = watch.seconds();
  if (sum == 0) Stop("nothing to read");  // so that it is needed
  return {.seconds = seconds, .events = CountLines(text)};
}

Measured Decode(std::string_view stored) {
  StringSource source(stored);
  const auto plain = DecompressingSource(source);
  std::vector<char> buffer(LineChunkerOptions().chunk.count);
  Measured measured;
  for (;;) {
    const Stopwatch watch;
    const size_t n = Must(plain->Read(buffer));
    measured.seconds += watch.seconds();
    if (n == 0) return measured;
    measured.bytes += n;
    measured.events += CountLines({buffer.data(), n});
  }
}

class HotPath {
 public:
  HotPath(const TableSet& tables, std::optional<Codec> codec, const EventConverterOptions& options)
      : tables_(tables), codec_(codec), converter_(Must(EventConverter::Make(tables, options))) {}

  Measured Run(const std::vector<LineChunk>& chunks) {
    const Stopwatch watch;
    CountingSink sink;
    std::vector<std::unique_ptr<ParquetWriter>> writers;
    for (const Table& table : tables_.tables) {
      if (!codec_) break;
      writers.push_back(std::make_unique<ParquetWriter>(
          FileColumnsOf(table), ParquetWriterOptions{.codec = *codec_, .memory = memory_}, sink));
    }
    Measured measured;
    ConversionCounts counts = converter_->MakeCounts();
    for (const LineChunk& chunk : chunks) {
      converter_->Convert(chunk, converted_, counts);
      measured.faults += converted_.faults.size();
      for (size_t i = 0; i < writers.size(); ++i) {
        if (!writers[i]->Append(converted_.tables[i])) Stop("cannot append");
      }
    }
    for (const auto& writer : writers) Must(writer->Finish({}));
    measured.seconds = watch.seconds();
    measured.events = counts.lines;
    measured.fast_lines = counts.fast_lines;
    measured.bytes = sink.bytes();
    return measured;
  }

 private:
  const TableSet& tables_;
  const std::optional<Codec> codec_;
  std::unique_ptr<EventConverter> converter_;
  ConvertedChunk converted_;
  const std::shared_ptr<PageMemory> memory_ = std::make_shared<PageMemory>();
};

int Main(const std::string& config, const std::string& file, const std::string& what,
         int repetitions, const EventConverterOptions& options) {
  const PipelineConfig loaded = Must(LoadConfig(config, LocalSecretSource({})));
  const HugeCopy copy(Must(ReadFile(file, GiB(64))));
  const std::string_view text = copy.text();
  const std::vector<LineChunk> chunks = Cut(text, LineChunkerOptions().chunk.count);
  const std::optional<Codec> codec = CodecNamed(what);
  HotPath path(*loaded.tables, codec, options);
  std::function<Measured()> run;
  if (codec || what == "columns") run = [&] { return path.Run(chunks); };
  if (what == "read") run = [&] { return ReadWords(text); };
  if (what == "decode") run = [&] { return Decode(text); };
  if (!run) Stop("columns, none, snappy, zstd, read or decode");
  Measured last = run();
  std::string seconds;
  for (int i = 0; i < repetitions; ++i) {
    last = run();
    seconds += fmt::format("{}{:.6f}", i > 0 ? "," : "", last.seconds);
  }
  fmt::print(
      R"({{"what":"{}","input_bytes":{},"events":{},"fast_lines":{},"faults":{},"bytes":{},"seconds":[{}]}})"
      "\n",
      what, text.size(), last.events, last.fast_lines, last.faults, last.bytes, seconds);
  return 0;
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  const bool is_general = argc > 1 && std::string_view(argv[1]) == "--general";
  const int first = is_general ? 2 : 1;
  if (argc != first + 4) {
    fmt::print(stderr, "hot_path [--general] CONFIG FILE WHAT REPETITIONS\n");
    return 2;
  }
  return sluice::Main(argv[first], argv[first + 1], argv[first + 2], std::atoi(argv[first + 3]),
                      {.fast_path = !is_general});
}
