// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/stream_converter.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>

#include "sluice/base/log.h"
#include "sluice/codec/parallel_decompressor.h"
#include "sluice/parquet/page_memory.h"
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

namespace {

// For each thread, of chunks between stream and files; one is always allowed. Usual chunks are far
// below it, those of a single long line are not.
constexpr size_t kMostBytesBetween = size_t{4} << 20;
// A passage that held a larger chunk gives its memory back.
constexpr size_t kWorthKeeping = size_t{1} << 20;

}  // namespace

// What one thread has of its own; kept from stream to stream.
struct StreamConverter::Worker {
  std::unique_ptr<EventConverter> events;
  PagePacker packer;
};

// A chunk of lines on its way from the stream to the files; memory is kept.
struct StreamConverter::Passage {
  LineChunk chunk;
  std::vector<char> memory;  // of the chunk
  ConvertedChunk converted;
  ConversionCounts counts;
  bool is_converted = false;
};

// One conversion, by several threads. Chunks are read one after the other, converted side by side,
// and appended to the files in the order in which they were read, so that the files are what one
// thread would have written; pages that become full are packed and written side by side again.
// Every thread does whatever can be done, so that none waits for another's turn.
class StreamConverter::Run {
 public:
  Run(StreamConverter& owner, ByteSource& stored, const ConversionOptions& options,
      ConversionOutputs& outputs)
      : owner_(owner),
        threads_(options.threads),
        lines_(MakeParallelDecompressor(stored, {.pieces = threads_ > 1 ? 2 * threads_ : 0})),
        chunker_(*lines_, options.chunks),
        files_(owner.tables_, options, owner.page_memory_, outputs) {}

  Result<ConvertedStream> Convert();

 private:
  using Lock = std::unique_lock<std::mutex>;

  // Before and after each of these, `lock` holds mutex_; not meanwhile.
  void RunJob(Worker& worker, Lock& lock);
  void Append(Lock& lock);
  void Read(Worker& worker, Lock& lock);
  void Convert(Worker& worker, Lock& lock);
  bool Help(Lock& lock);

  void Work(Worker& worker) noexcept;  // who would wake the others?
  void EndRows();
  bool CanAppend() const;
  bool CanRead() const;
  bool CanConvert() const { return taken_ < read_; }
  bool HasWork() const;
  bool HasEnded() const;
  void WakeAnother();
  Result<bool> ReadChunk(Passage& passage);
  Status StartOthers();
  Passage& PassageOf(uint64_t chunk) const { return *owner_.passages_[chunk % most_chunks_]; }
  void Stop(Status why);

  StreamConverter& owner_;
  const size_t threads_;
  const size_t most_chunks_ = threads_ > 1 ? 3 * threads_ : 1;  // between stream and files

  const std::unique_ptr<ParallelDecompressor> lines_;  // these two: of the thread that reads
  LineChunker chunker_;
  ConversionFiles files_;  // these two: of the thread that appends
  ConvertedStream result_;

  std::mutex mutex_;  // guards what comes now
  std::condition_variable changed_;
  size_t waiting_ = 0;                            // threads
  uint64_t read_ = 0, taken_ = 0, appended_ = 0;  // chunks; the second by who converts them
  size_t bytes_between_ = 0;                      // of the chunks read and not appended
  bool is_compressed_ = false;                    // known after the first chunk
  bool is_reading_ = false, is_appending_ = false;
  bool at_end_ = false, rows_ended_ = false;
  std::deque<PageJob> jobs_;
  Status status_;       // what went wrong first behind the reading; then all stop
  Status read_status_;  // with a fault the stream ends; what was before it comes first

  std::vector<std::jthread> others_;  // joined before the rest goes
};

Result<ConvertedStream> StreamConverter::Run::Convert() {
  result_.counts = owner_.workers_.front()->events->MakeCounts();
  result_.files.resize(owner_.tables_.tables.size());
  while (owner_.passages_.size() < most_chunks_) {
    owner_.passages_.push_back(std::make_unique<Passage>());
  }
  Work(*owner_.workers_.front());
  others_.clear();  // waits for them
  SLUICE_TRY(status_);
  SLUICE_TRY(read_status_);
  result_.bytes = chunker_.bytes();
  SLUICE_TRY(files_.Finish(result_));
  return std::move(result_);
}

// Who leaves the lock to do something wakes another if there is more to do. Decompressing comes
// first: only one can do it, and the others live on its chunks. Then what makes memory free.
void StreamConverter::Run::Work(Worker& worker) noexcept {
  Lock lock(mutex_);
  while (status_ && !HasEnded()) {
    if (is_compressed_ && CanRead()) {
      Read(worker, lock);
    } else if (!jobs_.empty()) {
      RunJob(worker, lock);
    } else if (CanAppend()) {
      Append(lock);
    } else if (CanRead()) {
      Read(worker, lock);
    } else if (CanConvert()) {
      Convert(worker, lock);
    } else if (!Help(lock)) {
      ++waiting_;
      changed_.wait(lock);
      --waiting_;
    }
  }
  changed_.notify_all();
}

void StreamConverter::Run::WakeAnother() {
  if (waiting_ > 0 && HasWork()) changed_.notify_one();
}

bool StreamConverter::Run::HasWork() const {
  return !jobs_.empty() || CanAppend() || CanRead() || CanConvert();
}

bool StreamConverter::Run::HasEnded() const {
  return rows_ended_ && jobs_.empty();
}

void StreamConverter::Run::Stop(Status why) {
  if (status_) status_ = std::move(why);
}

void StreamConverter::Run::RunJob(Worker& worker, Lock& lock) {
  PageJob job = std::move(jobs_.front());
  jobs_.pop_front();
  WakeAnother();
  lock.unlock();
  Status status = job.Run(worker.packer);
  lock.lock();
  if (!status) Stop(std::move(status));
}

// The next chunk is converted, or there is none and the rows are to be ended; and the files keep
// up.
bool StreamConverter::Run::CanAppend() const {
  if (is_appending_ || rows_ended_) return false;
  const bool is_there =
      appended_ == read_ ? at_end_ : appended_ < taken_ && PassageOf(appended_).is_converted;
  return is_there && !files_.is_behind();  // which asks every file
}

void StreamConverter::Run::Append(Lock& lock) {
  if (appended_ == read_) return EndRows();
  Passage& passage = PassageOf(appended_);
  const size_t bytes = passage.chunk.text.size();
  is_appending_ = true;
  WakeAnother();
  lock.unlock();
  std::vector<PageJob> jobs;
  Status status = files_.Append(passage.converted, jobs);
  result_.counts += passage.counts;
  if (bytes > kWorthKeeping) passage = {};
  lock.lock();
  is_appending_ = false;
  ++appended_;
  bytes_between_ -= bytes;
  std::ranges::move(jobs, std::back_inserter(jobs_));
  if (!status) Stop(std::move(status));
}

// Under the lock, since nothing else can be done meanwhile.
void StreamConverter::Run::EndRows() {
  std::vector<PageJob> jobs;
  Status status = files_.EndRows(jobs);
  rows_ended_ = true;
  std::ranges::move(jobs, std::back_inserter(jobs_));
  if (!status) Stop(std::move(status));
}

bool StreamConverter::Run::CanRead() const {
  if (is_reading_ || at_end_ || read_ - appended_ == most_chunks_) return false;
  return bytes_between_ < kMostBytesBetween * threads_;
}

// A chunk that was only read is converted at once, while it is in this processor's cache.
void StreamConverter::Run::Read(Worker& worker, Lock& lock) {
  Passage& passage = PassageOf(read_);
  is_reading_ = true;
  WakeAnother();
  lock.unlock();
  const Result<bool> more = ReadChunk(passage);
  lock.lock();
  is_reading_ = false;
  if (!more) read_status_ = std::unexpected(more.error());
  at_end_ = !more || !*more;
  if (at_end_) return;
  ++read_;
  bytes_between_ += passage.chunk.text.size();
  is_compressed_ = !lines_->is_plain();
  if (!is_compressed_) Convert(worker, lock);
}

void StreamConverter::Run::Convert(Worker& worker, Lock& lock) {
  Passage& passage = PassageOf(taken_++);
  passage.is_converted = false;
  WakeAnother();
  lock.unlock();
  passage.counts = worker.events->MakeCounts();
  worker.events->Convert(passage.chunk, passage.converted, passage.counts);
  lock.lock();
  passage.is_converted = true;
}

// False where there is nothing at all to do.
bool StreamConverter::Run::Help(Lock& lock) {
  lock.unlock();
  const bool has_helped = lines_->Help();
  lock.lock();
  return has_helped || HasWork() || HasEnded() || !status_;
}

// False at the end.
Result<bool> StreamConverter::Run::ReadChunk(Passage& passage) {
  SLUICE_ASSIGN(const bool more, chunker_.Next(passage.chunk, passage.memory));
  constexpr auto kMostLines = std::numeric_limits<int32_t>::max();
  if (chunker_.lines() > static_cast<uint64_t>(kMostLines)) {
    return Fail(ErrorKind::kBadData, "cannot convert: more than {} lines in one object; split it",
                kMostLines);
  }
  // This thread is alone until the second chunk: a stream of one needs no others.
  if (more && read_ == 1) SLUICE_TRY(StartOthers());
  return more;
}

// One for each worker but the first; fewer where the system gives no more, which costs time only.
Status StreamConverter::Run::StartOthers() {
  while (owner_.workers_.size() < threads_) SLUICE_TRY(owner_.AddWorker());
  try {
    for (size_t i = 1; i < threads_; ++i) {
      others_.emplace_back([this, &worker = *owner_.workers_[i]] { Work(worker); });
    }
  } catch (const std::system_error& none) {
    Log(LogLevel::kWarning, "cannot start more than {} threads: {}", others_.size() + 1,
        none.what());
  }
  return {};
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
    : tables_(tables), events_(std::move(events)), page_memory_(std::make_shared<PageMemory>()) {}
StreamConverter::~StreamConverter() = default;

Result<ConvertedStream> StreamConverter::Convert(ByteSource& stored,
                                                 const ConversionOptions& options,
                                                 ConversionOutputs& outputs) {
  return Run(*this, stored, options, outputs).Convert();
}

}  // namespace sluice
