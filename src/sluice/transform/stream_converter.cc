// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/stream_converter.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>

#include "sluice/base/log.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/transform/conversion_files.h"
#include "sluice/transform/conversion_sum.h"

namespace sluice {

std::vector<ParquetColumn> FileColumnsOf(const Table& table) {
  std::vector<ParquetColumn> columns;
  for (const Column& column : table.schema.columns) {
    if (column.generated) continue;
    columns.push_back({.name = column.name, .type = column.type, .not_null = column.not_null});
  }
  return columns;
}

// What one thread has of its own; kept from stream to stream.
struct StreamConverter::Worker {
  std::unique_ptr<EventConverter> events;
  std::vector<char> memory;  // of the chunk at hand
  ConvertedChunk converted;
  PagePacker packer;
};

// One conversion, by several threads that each take the next chunk of lines and turn it into rows.
// Chunks are read one after the other and appended to the files in the same order, so that the
// files are what one thread would have written.
class StreamConverter::Run {
 public:
  Run(StreamConverter& owner, ByteSource& stored, const ConversionOptions& options,
      ConversionOutputs& outputs)
      : owner_(owner),
        threads_(options.threads),
        lines_(DecompressingSource(stored)),
        chunker_(*lines_, options.chunks),
        files_(owner.tables_, options, outputs) {}

  Result<ConvertedStream> Convert();

 private:
  struct Turn {
    uint64_t number = 0;
    LineChunk chunk;
  };

  void Work(Worker& worker);
  bool Read(Worker& worker, Turn& turn);
  bool Append(const Turn& turn, const ConvertedChunk& converted, const ConversionCounts& counts,
              std::vector<PageJob>& jobs);
  void RunJobs(std::vector<PageJob> jobs);
  Status StartOthers();
  template <typename Body>
  void StartThreads(Body body);

  StreamConverter& owner_;
  const size_t threads_;
  const std::unique_ptr<ByteSource> lines_;

  std::mutex reading_;  // guards what reads, from here to `read_`
  LineChunker chunker_;
  uint64_t chunks_ = 0;
  bool at_end_ = false;
  Status read_;

  std::mutex appending_;  // guards what comes now
  std::condition_variable appended_;
  uint64_t next_ = 0;  // the chunk whose turn it is
  ConversionFiles files_;
  ConvertedStream result_;
  Status written_;

  std::vector<std::jthread> others_;  // started under `reading_`, and joined before the rest goes
};

// One for each worker but the first; fewer where the system gives no more, which costs time only.
template <typename Body>
void StreamConverter::Run::StartThreads(Body body) {
  try {
    for (size_t i = 1; i < std::min(threads_, owner_.workers_.size()); ++i) {
      others_.emplace_back([body, &worker = *owner_.workers_[i]] { body(worker); });
    }
  } catch (const std::system_error& none) {
    Log(LogLevel::kWarning, "cannot start more than {} threads: {}", others_.size() + 1,
        none.what());
  }
}

Result<ConvertedStream> StreamConverter::Run::Convert() {
  result_.counts = owner_.workers_.front()->events->MakeCounts();
  result_.files.resize(owner_.tables_.tables.size());
  Work(*owner_.workers_.front());
  others_.clear();  // waits for them
  SLUICE_TRY(written_);
  SLUICE_TRY(read_);
  std::vector<PageJob> last;
  SLUICE_TRY(files_.EndRows(last));
  RunJobs(std::move(last));
  result_.bytes = chunker_.bytes();
  SLUICE_TRY(files_.Finish(result_));
  return std::move(result_);
}

void StreamConverter::Run::Work(Worker& worker) {
  Turn turn;
  std::vector<PageJob> jobs;
  while (Read(worker, turn)) {
    ConversionCounts counts = worker.events->MakeCounts();
    worker.events->Convert(turn.chunk, worker.converted, counts);
    if (!Append(turn, worker.converted, counts, jobs)) return;
    for (PageJob& job : jobs) job.Run(worker.packer);
    jobs.clear();
  }
}

// By all threads, or by this one alone where there is only one.
void StreamConverter::Run::RunJobs(std::vector<PageJob> jobs) {
  std::atomic<size_t> next = 0;
  const auto run = [&](Worker& worker) {
    for (size_t i = next++; i < jobs.size(); i = next++) jobs[i].Run(worker.packer);
  };
  if (chunks_ > 1) StartThreads([&run](Worker& worker) { run(worker); });
  run(*owner_.workers_.front());
  others_.clear();
}

// False at the end, or where it makes no sense to go on.
bool StreamConverter::Run::Read(Worker& worker, Turn& turn) {
  const std::lock_guard lock(reading_);
  if (at_end_) return false;
  const Result<bool> more = chunker_.Next(turn.chunk, worker.memory);
  if (!more) read_ = std::unexpected(more.error());
  constexpr auto kMostLines = std::numeric_limits<int32_t>::max();
  if (chunker_.lines() > static_cast<uint64_t>(kMostLines)) {
    read_ = Fail(ErrorKind::kBadData, "cannot convert: more than {} lines in one object; split it",
                 kMostLines);
  }
  at_end_ = !read_ || !*more;
  if (at_end_) return false;
  turn.number = chunks_++;
  if (turn.number == 1) read_ = StartOthers();  // a stream of one chunk needs none
  at_end_ = !read_;
  return !at_end_;
}

Status StreamConverter::Run::StartOthers() {
  while (owner_.workers_.size() < threads_) SLUICE_TRY(owner_.AddWorker());
  StartThreads([this](Worker& worker) { Work(worker); });
  return {};
}

// Waits until all chunks before were appended. False where one could not be.
bool StreamConverter::Run::Append(const Turn& turn, const ConvertedChunk& converted,
                                  const ConversionCounts& counts, std::vector<PageJob>& jobs) {
  std::unique_lock lock(appending_);
  appended_.wait(lock, [&] { return next_ == turn.number || !written_; });
  if (!written_) return false;
  written_ = files_.Append(converted, jobs);
  result_.counts += counts;
  ++next_;
  appended_.notify_all();
  return written_.has_value();
}

Result<std::unique_ptr<StreamConverter>> StreamConverter::Make(
    const TableSet& tables, const EventConverterOptions& events) {
  std::unique_ptr<StreamConverter> made(new StreamConverter(tables, events));
  SLUICE_TRY(made->AddWorker());
  return made;
}

Status StreamConverter::AddWorker() {
  auto worker = std::make_unique<Worker>();
  SLUICE_ASSIGN(worker->events, EventConverter::Make(tables_, events_));
  workers_.push_back(std::move(worker));
  return {};
}

StreamConverter::StreamConverter(const TableSet& tables, EventConverterOptions events)
    : tables_(tables), events_(std::move(events)) {}
StreamConverter::~StreamConverter() = default;

Result<ConvertedStream> StreamConverter::Convert(ByteSource& stored,
                                                 const ConversionOptions& options,
                                                 ConversionOutputs& outputs) {
  return Run(*this, stored, options, outputs).Convert();
}

}  // namespace sluice
