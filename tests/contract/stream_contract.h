// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "sluice/queue/stream.h"

namespace sluice {

// What the suite needs of an implementation: a new stream with two shards, and its producer's side.
class StreamUnderTest {
 public:
  virtual ~StreamUnderTest() = default;
  virtual Stream& stream() = 0;

  virtual Result<SequenceNumber> Put(const std::string& shard, const std::string& partition_key,
                                     const std::string& data) = 0;
  // Both return when the stream takes records again.
  virtual Status Split(const std::string& shard) = 0;
  virtual Status Merge(const std::string& shard, const std::string& other) = 0;
  // Lets time pass for the stream.
  virtual void Elapse(std::chrono::milliseconds duration) = 0;
};

// How a stream is made for the contract suite of Stream: stream_contract.cc holds its tests, and
// each implementation instantiates them in its own test program:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, StreamContract, ::testing::Values(StreamFactory{...}));
struct StreamFactory {
  std::string name;
  std::function<std::unique_ptr<StreamUnderTest>()> make;

  friend void PrintTo(const StreamFactory& factory, std::ostream* out) { *out << factory.name; }
};

class StreamContract : public ::testing::TestWithParam<StreamFactory> {
 protected:
  void SetUp() override;

  Stream& stream() { return under_test_->stream(); }
  std::vector<StreamShard> Shards();
  // The shard `id`, which must be there.
  StreamShard ShardNamed(const std::string& id);

  // One record after the other, whose arrivals differ.
  std::vector<SequenceNumber> Put(const std::string& shard, const std::vector<std::string>& data);
  std::unique_ptr<ShardReader> Open(const std::string& shard, const StreamPosition& from);

  // Everything up to the tip, or up to the end.
  struct Records {
    std::vector<StreamRecord> records;
    StreamBatch last;

    std::vector<std::string> data() const;
  };
  static Records ReadAll(ShardReader& reader, size_t most = ShardReader::kMostRecords);
  static Records ReadToEnd(ShardReader& reader);
  std::vector<std::string> DataFrom(const std::string& shard, const StreamPosition& from);

  std::unique_ptr<StreamUnderTest> under_test_;
  std::string one_, other_;  // its first shards
};

}  // namespace sluice
