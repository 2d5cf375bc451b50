// SPDX-License-Identifier: Apache-2.0
#include <libdeflate.h>
#include <zstd.h>

#include <string>

#include "sluice/base/check.h"
#include "sluice/codec/stream_codec.h"

namespace sluice {
namespace {

constexpr int kGzipLevel = 6;
constexpr int kZstdLevel = 1;
// A block ends behind the first newline at or after this size …
constexpr size_t kBlockSize = 1 << 20;
// … or here, in the middle of a line: no line that may be loaded is longer (docs/formats.md).
constexpr size_t kLargestBlock = 17 << 20;

// Makes one whole gzip member or zstd frame.
class BlockCompressor {
 public:
  virtual ~BlockCompressor() = default;
  // The result lasts until the next call.
  virtual std::string_view Compress(std::string_view block) = 0;
};

// The header has no name and no time (RFC 1952 §2.3.1), so equal content makes equal bytes.
class GzipCompressor : public BlockCompressor {
 public:
  GzipCompressor() : state_(libdeflate_alloc_compressor(kGzipLevel), &libdeflate_free_compressor) {
    SLUICE_CHECK(state_ != nullptr);
  }
  std::string_view Compress(std::string_view block) override {
    out_.resize(libdeflate_gzip_compress_bound(state_.get(), block.size()));
    const size_t size = libdeflate_gzip_compress(state_.get(), block.data(), block.size(),
                                                 out_.data(), out_.size());
    SLUICE_CHECK(size > 0);  // the bound is enough for any block
    return {out_.data(), size};
  }

 private:
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> state_;
  std::string out_;
};

class ZstdCompressor : public BlockCompressor {
 public:
  ZstdCompressor() : state_(ZSTD_createCCtx(), &ZSTD_freeCCtx) {
    SLUICE_CHECK(state_ != nullptr);
    Set(ZSTD_c_compressionLevel, kZstdLevel);
    Set(ZSTD_c_checksumFlag, 1);
    Set(ZSTD_c_contentSizeFlag, 1);
  }
  std::string_view Compress(std::string_view block) override {
    out_.resize(ZSTD_compressBound(block.size()));
    const size_t size =
        ZSTD_compress2(state_.get(), out_.data(), out_.size(), block.data(), block.size());
    SLUICE_CHECK(ZSTD_isError(size) == 0);  // the bound is enough for any block
    return {out_.data(), size};
  }

 private:
  void Set(ZSTD_cParameter parameter, int value) {
    SLUICE_CHECK(ZSTD_isError(ZSTD_CCtx_setParameter(state_.get(), parameter, value)) == 0);
  }
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> state_;
  std::string out_;
};

// Cuts what is written into blocks. Where, depends on the bytes alone, not on the calls of Write.
class BlockSink : public CompressingSink {
 public:
  BlockSink(std::unique_ptr<BlockCompressor> compressor, ByteSink& sink)
      : compressor_(std::move(compressor)), sink_(sink) {}

  Status Write(std::string_view data) override {
    SLUICE_CHECK(!finished_);
    while (!data.empty()) {
      const size_t n = UntilBlockEnds(data);
      if (n == 0) {
        block_.append(data);
        return {};
      }
      block_.append(data.substr(0, n));
      data.remove_prefix(n);
      SLUICE_TRY(EndBlock());
    }
    return {};
  }

  Status Finish() override {
    SLUICE_CHECK(!finished_);
    finished_ = true;
    // Of nothing one empty block is made: a file without any is none of that format.
    return block_.empty() && !is_empty_ ? Status() : EndBlock();
  }

 private:
  // How many bytes of `data` still belong to the block; 0 where it does not end in them.
  size_t UntilBlockEnds(std::string_view data) const {
    const size_t earliest = block_.size() + 1 < kBlockSize ? kBlockSize - block_.size() - 1 : 0;
    const size_t newline = data.find('\n', earliest);
    const size_t limit = kLargestBlock - block_.size();
    if (newline < limit) return newline + 1;
    return data.size() >= limit ? limit : 0;
  }

  Status EndBlock() {
    const Status status = sink_.Write(compressor_->Compress(block_));
    block_.clear();
    is_empty_ = false;
    return status;
  }

  const std::unique_ptr<BlockCompressor> compressor_;
  ByteSink& sink_;  // outlives this
  std::string block_;
  bool is_empty_ = true;  // no block was made yet
  bool finished_ = false;
};

class PlainSink : public CompressingSink {
 public:
  explicit PlainSink(ByteSink& sink) : sink_(sink) {}
  Status Write(std::string_view data) override {
    SLUICE_CHECK(!finished_);
    return sink_.Write(data);
  }
  Status Finish() override {
    SLUICE_CHECK(!finished_);
    finished_ = true;
    return {};
  }

 private:
  ByteSink& sink_;  // outlives this
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<CompressingSink> MakeCompressingSink(StreamFormat format, ByteSink& sink) {
  switch (format) {
    case StreamFormat::kGzip:
      return std::make_unique<BlockSink>(std::make_unique<GzipCompressor>(), sink);
    case StreamFormat::kZstd:
      return std::make_unique<BlockSink>(std::make_unique<ZstdCompressor>(), sink);
    case StreamFormat::kPlain:
      break;
  }
  return std::make_unique<PlainSink>(sink);
}

}  // namespace sluice
