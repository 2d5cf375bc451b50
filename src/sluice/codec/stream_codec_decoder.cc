// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/stream_codec_decoder.h"

#include <isa-l.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <string>

#include "sluice/base/check.h"
#include "sluice/codec/stream_codec_gzip_header.h"
#include "sluice/codec/stream_codec_zstd_header.h"

namespace sluice {
namespace {

class ZstdDecoder : public Decoder {
 public:
  explicit ZstdDecoder(int largest_window) : state_(ZSTD_createDCtx(), &ZSTD_freeDCtx) {
    SLUICE_CHECK(state_ != nullptr);
    SLUICE_CHECK(ZSTD_isError(ZSTD_DCtx_setParameter(state_.get(), ZSTD_d_windowLogMax,
                                                     largest_window)) == 0);
  }

  Result<size_t> Decode(Input& input, std::span<char> out) override {
    if (place_ != Place::kBody) return TakeHeader(input);
    // Called without bytes again and again, zstd takes that for a fault.
    if (input.bytes().empty() && !is_full_) return 0;
    return Feed(input, out);
  }
  bool IsBetweenMembers() const override { return place_ == Place::kBetween; }
  void Restart() override {
    ZSTD_DCtx_reset(state_.get(), ZSTD_reset_session_only);
    place_ = Place::kBetween;
  }

 private:
  enum class Place { kBetween, kHeader, kBody };

  // zstd gets the header alone: where it sees all of a frame at once it goes another way, which has
  // other errors and forgets the limit of the window. And zstd 1.5.4 does not always compare a
  // frame's length with the one in its header, so that it is read here too.
  Result<size_t> TakeHeader(Input& input) {
    if (input.bytes().empty()) return 0;
    if (place_ == Place::kBetween) {
      place_ = Place::kHeader;
      begin_ = input.offset();
      header_.clear();
    }
    const std::string_view taken =
        input.bytes().substr(0, ZstdHeaderSize(header_) - header_.size());
    header_ += taken;
    input.Consume(taken.size());
    if (!MayBeZstdFrame(header_)) return Corrupt("bytes behind the last frame that are no frame");
    if (header_.size() < ZstdHeaderSize(header_)) return 0;
    place_ = Place::kBody;
    stated_ = ZSTD_getFrameContentSize(header_.data(), header_.size());
    decoded_ = 0;
    Input header(header_);
    return Feed(header, {});
  }

  Result<size_t> Feed(Input& input, std::span<char> out) {
    ZSTD_inBuffer in{input.bytes().data(), input.bytes().size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const size_t result = ZSTD_decompressStream(state_.get(), &to, &in);
    input.Consume(in.pos);
    if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) {
      return Fail(ErrorKind::kTransient, "cannot decompress zstd: not enough memory");
    }
    if (ZSTD_isError(result) != 0) return Corrupt(ZSTD_getErrorName(result));
    is_full_ = to.pos == out.size();
    decoded_ += to.pos;
    if (result > 0) return to.pos;
    if (stated_ < ZSTD_CONTENTSIZE_ERROR && decoded_ != stated_) {
      return Corrupt("a frame of another length than its header says");
    }
    place_ = Place::kBetween;
    return to.pos;
  }

  std::unexpected<Error> Corrupt(std::string_view what) const {
    return CorruptStream(StreamFormat::kZstd, what, begin_);
  }

  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> state_;
  Place place_ = Place::kBetween;
  std::string header_;
  uint64_t begin_ = 0;             // of the frame
  unsigned long long stated_ = 0;  // length of the frame's content, or that it is unknown
  unsigned long long decoded_ = 0;
  bool is_full_ = false;  // there may be more to write than fitted
};

std::string_view Explain(int isal_error) {
  switch (isal_error) {
    case ISAL_INVALID_BLOCK:
      return "invalid deflate block";
    case ISAL_INVALID_SYMBOL:
      return "invalid deflate symbol";
    case ISAL_INVALID_LOOKBACK:
      return "distance too far back";
    case ISAL_INCORRECT_CHECKSUM:
      return "CRC or length does not match";
    default:
      return "invalid deflate data";
  }
}

class GzipDecoder : public Decoder {
 public:
  Result<size_t> Decode(Input& input, std::span<char> out) override {
    if (place_ == Place::kBody) return Inflate(input, out);
    SLUICE_TRY(TakeHeader(input));
    return 0;
  }
  bool IsBetweenMembers() const override { return place_ == Place::kBetween; }
  void Restart() override { place_ = Place::kBetween; }

 private:
  enum class Place { kBetween, kHeader, kBody };  // the trailer belongs to the body

  Status TakeHeader(Input& input) {
    while (!input.bytes().empty() && place_ != Place::kBody) {
      if (place_ == Place::kBetween) {
        header_ = GzipHeader();
        begin_ = input.offset();
      }
      place_ = Place::kHeader;
      const std::string_view fault = header_.Take(static_cast<uint8_t>(input.bytes().front()));
      if (!fault.empty()) return CorruptStream(StreamFormat::kGzip, fault, input.offset());
      input.Consume(1);
      if (header_.done()) BeginBody();
    }
    return {};
  }

  void BeginBody() {
    place_ = Place::kBody;
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP_NO_HDR_VER;  // it checks CRC and length at the end
  }

  Result<size_t> Inflate(Input& input, std::span<char> out) {
    const std::string_view in = input.bytes();
    // ISA-L only reads from it; its interface lacks the const.
    state_->next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(in.data()));
    state_->avail_in = static_cast<uint32_t>(in.size());
    state_->next_out = reinterpret_cast<uint8_t*>(out.data());
    state_->avail_out = static_cast<uint32_t>(std::min<size_t>(out.size(), 1 << 30));
    const uint32_t room = state_->avail_out;
    const int result = isal_inflate(state_.get());
    input.Consume(in.size());
    // At the end of a member more may be left than it was given: it reads ahead, but never from
    // input that has gone, since it ends a member before it asks for more.
    input.GiveBack(state_->avail_in);
    if (result != ISAL_DECOMP_OK) {
      return CorruptStream(StreamFormat::kGzip, Explain(result), begin_);
    }
    if (state_->block_state == ISAL_BLOCK_FINISH) place_ = Place::kBetween;
    return room - state_->avail_out;
  }

  const std::unique_ptr<inflate_state> state_ = std::make_unique<inflate_state>();
  Place place_ = Place::kBetween;
  GzipHeader header_;
  uint64_t begin_ = 0;  // of the member
};

}  // namespace

std::unique_ptr<Decoder> MakeDecoder(StreamFormat format, int largest_window) {
  switch (format) {
    case StreamFormat::kGzip:
      return std::make_unique<GzipDecoder>();
    case StreamFormat::kZstd:
      return std::make_unique<ZstdDecoder>(largest_window);
    case StreamFormat::kPlain:
      break;
  }
  return nullptr;
}

std::unexpected<Error> CorruptStream(StreamFormat format, std::string_view what, uint64_t offset) {
  return Fail(ErrorKind::kBadData, "not readable as {}: {}: offset={}", Name(format), what, offset);
}

}  // namespace sluice
