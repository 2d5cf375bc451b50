// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/page_job.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "sluice/parquet/parquet_test_table.h"

namespace sluice {
namespace {

constexpr Codec kCodecs[] = {Codec::kUncompressed, Codec::kSnappy, Codec::kZstd};

// Runs jobs when it likes, all of them before it returns from a call without jobs.
using Runner = std::function<void(std::vector<PageJob>)>;

std::string WriteBy(const ParquetTestTable& table, const ParquetWriterOptions& options,
                    const Runner& run) {
  StringSink sink;
  ParquetWriter writer(table.columns(), options, sink, PagePacking::kByCaller);
  for (size_t row = 0; row < table.rows(); row += 700) {
    EXPECT_TRUE(writer.Append(table.Rows(row, std::min<size_t>(700, table.rows() - row))));
    if (std::vector<PageJob> jobs = writer.TakeJobs(); !jobs.empty()) run(std::move(jobs));
  }
  EXPECT_TRUE(writer.EndRows());
  run(writer.TakeJobs());
  run({});
  EXPECT_TRUE(writer.TakeJobs().empty());
  EXPECT_TRUE(writer.Finish({{"object", "a/b"}, {"empty", ""}}));
  return sink.text();
}

// Keeps all jobs to the end and runs them in the order that `arrange` gives them.
std::string WriteArranged(const ParquetTestTable& table, const ParquetWriterOptions& options,
                          const std::function<void(std::vector<PageJob>&)>& arrange) {
  std::vector<PageJob> all;
  return WriteBy(table, options, [&](std::vector<PageJob> jobs) {
    if (!jobs.empty()) {
      all.insert(all.end(), jobs.begin(), jobs.end());
      return;
    }
    EXPECT_GT(all.size(), 100u);
    arrange(all);
    PagePacker packer;
    for (PageJob& job : all) EXPECT_TRUE(job.Run(packer));
  });
}

// Two threads that take jobs from one list, the newest first, while pages are still being made.
class TwoThreads {
 public:
  TwoThreads() {
    for (std::thread& thread : threads_) thread = std::thread([this] { Work(); });
  }
  ~TwoThreads() { End(); }

  void Add(std::vector<PageJob> jobs) {
    const std::lock_guard lock(mutex_);
    jobs_.insert(jobs_.end(), jobs.begin(), jobs.end());
  }
  void End() {
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void Work() {
    PagePacker packer;
    for (;;) {
      std::unique_lock lock(mutex_);
      if (jobs_.empty() && is_ending_) return;
      if (jobs_.empty()) {
        lock.unlock();
        std::this_thread::yield();
        continue;
      }
      PageJob job = std::move(jobs_.back());
      jobs_.pop_back();
      lock.unlock();
      EXPECT_TRUE(job.Run(packer));
    }
  }

  std::mutex mutex_;
  std::vector<PageJob> jobs_;
  bool is_ending_ = false;
  std::thread threads_[2];
};

class PageJobs : public testing::Test {
 protected:
  // `write` makes the bytes that the writer makes by itself.
  template <typename Write>
  void ExpectSameBytes(Write write) {
    const auto shapes = ParquetTestTable::Shapes(12'000, 5);
    const auto types = ParquetTestTable::EveryType(2500, 3);
    for (const Codec codec : kCodecs) {
      const ParquetWriterOptions small = {
          .codec = codec, .page = KiB(4), .row_group = KiB(300), .dictionary = KiB(8)};
      for (const ParquetTestTable* table : {&shapes, &types}) {
        EXPECT_TRUE(write(*table, small) == table->Write(small, 1000)) << Name(codec);
      }
    }
  }
};

TEST_F(PageJobs, BytesAreTheSameInReversedOrder) {
  ExpectSameBytes([](const auto& table, const auto& options) {
    return WriteArranged(table, options, [](auto& jobs) { std::ranges::reverse(jobs); });
  });
}

TEST_F(PageJobs, BytesAreTheSameInAnyOrder) {
  for (unsigned seed = 0; seed < 3; ++seed) {
    ExpectSameBytes([seed](const auto& table, const auto& options) {
      return WriteArranged(table, options,
                           [seed](auto& jobs) { std::ranges::shuffle(jobs, std::mt19937(seed)); });
    });
  }
}

TEST_F(PageJobs, BytesAreTheSameOnTwoThreads) {
  ExpectSameBytes([](const auto& table, const auto& options) {
    TwoThreads threads;
    return WriteBy(table, options, [&](std::vector<PageJob> jobs) {
      if (jobs.empty()) return threads.End();
      threads.Add(std::move(jobs));
    });
  });
}

// Each job the last one of its row group once: the group is written by it, not by a later call.
TEST_F(PageJobs, TheLastJobOfARowGroupWritesIt) {
  const auto table = ParquetTestTable::Shapes(12'000, 5);
  size_t count = 1;
  for (size_t last = 0; last < count; ++last) {
    StringSink sink;
    ParquetWriter writer(table.columns(), {.row_group = MiB(1)}, sink, PagePacking::kByCaller);
    ASSERT_TRUE(writer.Append(table.Rows(0, 12'000)));
    ASSERT_TRUE(writer.EndRows());
    std::vector<PageJob> jobs = writer.TakeJobs();
    count = jobs.size();
    ASSERT_GT(count, 10u);
    std::swap(jobs[last], jobs.back());
    PagePacker packer;
    for (size_t i = 0; i + 1 < count; ++i) ASSERT_TRUE(jobs[i].Run(packer));
    EXPECT_EQ(sink.text().size(), 0u);
    ASSERT_TRUE(jobs.back().Run(packer));
    EXPECT_GT(sink.text().size(), KiB(100).count);
  }
}

// Tells, of each write, whether the writer had another row group that waited for it.
class WatchingSink : public ByteSink {
 public:
  Status Write(std::string_view data) override {
    if (data.size() >= KiB(4).count) was_behind.push_back(writer->is_behind());
    return {};
  }

  const ParquetWriter* writer = nullptr;
  std::vector<bool> was_behind;
};

TEST_F(PageJobs, TheWriterSaysWhenItsSinkIsBehind) {
  const auto table = ParquetTestTable::Shapes(12'000, 5);
  WatchingSink sink;
  ParquetWriter writer(table.columns(), {.codec = Codec::kUncompressed, .row_group = KiB(300)},
                       sink, PagePacking::kByCaller);
  sink.writer = &writer;
  ASSERT_TRUE(writer.Append(table.Rows(0, 12'000)));
  ASSERT_TRUE(writer.EndRows());
  std::vector<PageJob> jobs = writer.TakeJobs();
  PagePacker packer;
  for (size_t i = jobs.size(); i-- > 0;) {
    EXPECT_FALSE(writer.is_behind()) << "nobody writes";
    ASSERT_TRUE(jobs[i].Run(packer));  // the first group's last, so that then all are written
  }
  EXPECT_FALSE(writer.is_behind());
  ASSERT_GT(sink.was_behind.size(), 3u);
  EXPECT_TRUE(sink.was_behind.front());
  EXPECT_FALSE(sink.was_behind.back()) << "none waits for the last group";
}

// A disk that is full after some bytes.
class FullSink : public ByteSink {
 public:
  explicit FullSink(size_t room) : room_(room) {}
  Status Write(std::string_view data) override {
    if (data.size() > room_) return Fail(ErrorKind::kTransient, "the disk is full");
    room_ -= data.size();
    return {};
  }

 private:
  size_t room_;
};

TEST_F(PageJobs, AFailureOfTheSinkStays) {
  const auto table = ParquetTestTable::Shapes(12'000, 5);
  for (const size_t room : {0, 3, 1'000, 70'000}) {
    FullSink sink(room);
    ParquetWriter writer(table.columns(), {.page = KiB(4), .row_group = KiB(300)}, sink,
                         PagePacking::kByCaller);
    ASSERT_TRUE(writer.Append(table.Rows(0, 12'000)));
    ASSERT_TRUE(writer.EndRows());
    PagePacker packer;
    bool has_failed = false;
    for (PageJob& job : writer.TakeJobs()) {
      const Status status = job.Run(packer);
      EXPECT_FALSE(has_failed && status);
      has_failed |= !status;
    }
    EXPECT_TRUE(has_failed) << room;
    EXPECT_FALSE(writer.Finish({}));
  }
}

}  // namespace
}  // namespace sluice
