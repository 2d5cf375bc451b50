// SPDX-License-Identifier: Apache-2.0
#include <isa-l.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <vector>

#include "sluice/base/check.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/codec/stream_codec_gzip_header.h"

namespace sluice {
namespace {

constexpr size_t kInputSize = 1 << 17;
constexpr int kLargestZstdWindow = 27;     // log2: 128 MiB, what the zstd tool takes without --long
constexpr size_t kLongestZstdHeader = 18;  // RFC 8878 §3.1.1

// Compressed bytes, read ahead of their use.
class Input {
 public:
  explicit Input(ByteSource& source) : source_(source), buffer_(kInputSize) {}

  std::string_view bytes() const { return {buffer_.data() + begin_, end_ - begin_}; }
  bool ended() const { return ended_; }
  // Of the first of bytes(), in the whole input.
  uint64_t offset() const { return offset_; }

  void Consume(size_t n) {
    begin_ += n;
    offset_ += n;
  }

  // One Read of the source, behind bytes().
  Status Fill() {
    std::copy(buffer_.begin() + begin_, buffer_.begin() + end_, buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    SLUICE_ASSIGN(const size_t n, source_.Read(std::span(buffer_).subspan(end_)));
    end_ += n;
    ended_ = n == 0;
    return {};
  }

 private:
  ByteSource& source_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
  uint64_t offset_ = 0;
  bool ended_ = false;
};

std::unexpected<Error> Corrupt(StreamFormat format, std::string_view what, const Input& input) {
  return Fail(ErrorKind::kBadData, "not readable as {}: {}: offset={}", Name(format), what,
              input.offset());
}

// One compressed format.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // How many bytes of input Decode must be given, or all that are left.
  virtual size_t Wanted() const { return 0; }
  // Decodes from `input` into the front of `out` and returns how much. Where that is 0 and input is
  // left, some was consumed.
  virtual Result<size_t> Decode(Input& input, std::span<char> out) = 0;
  // Whether the input may end here.
  virtual bool IsBetweenMembers() const = 0;
};

class ZstdDecoder : public Decoder {
 public:
  ZstdDecoder() : state_(ZSTD_createDCtx(), &ZSTD_freeDCtx) {
    SLUICE_CHECK(state_ != nullptr);
    SLUICE_CHECK(ZSTD_isError(ZSTD_DCtx_setParameter(state_.get(), ZSTD_d_windowLogMax,
                                                     kLargestZstdWindow)) == 0);
  }

  // zstd 1.5.4 does not compare a frame's length with the one in its header where the last block is
  // empty and not all of the frame comes at once. So the header is read here too.
  size_t Wanted() const override { return is_between_ ? kLongestZstdHeader : 0; }

  Result<size_t> Decode(Input& input, std::span<char> out) override {
    if (is_between_) {
      if (input.bytes().empty()) return 0;
      stated_ = ZSTD_getFrameContentSize(input.bytes().data(), input.bytes().size());
      decoded_ = 0;
    }
    ZSTD_inBuffer in{input.bytes().data(), input.bytes().size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const size_t result = ZSTD_decompressStream(state_.get(), &to, &in);
    input.Consume(in.pos);
    if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) {
      return Fail(ErrorKind::kTransient, "cannot decompress zstd: not enough memory");
    }
    if (ZSTD_isError(result) != 0) {
      return Corrupt(StreamFormat::kZstd, ZSTD_getErrorName(result), input);
    }
    is_between_ = result == 0;
    decoded_ += to.pos;
    if (is_between_ && stated_ < ZSTD_CONTENTSIZE_ERROR && decoded_ != stated_) {
      return Corrupt(StreamFormat::kZstd, "a frame of another length than its header says", input);
    }
    return to.pos;
  }
  bool IsBetweenMembers() const override { return is_between_; }

 private:
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> state_;
  bool is_between_ = true;
  unsigned long long stated_ = 0;  // length of the frame's content, or that it is unknown
  unsigned long long decoded_ = 0;
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

 private:
  enum class Place { kBetween, kHeader, kBody };  // the trailer belongs to the body

  Status TakeHeader(Input& input) {
    while (!input.bytes().empty() && place_ != Place::kBody) {
      if (place_ == Place::kBetween) header_ = GzipHeader();
      place_ = Place::kHeader;
      const std::string_view fault = header_.Take(static_cast<uint8_t>(input.bytes().front()));
      if (!fault.empty()) return Corrupt(StreamFormat::kGzip, fault, input);
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
    input.Consume(in.size() - state_->avail_in);
    if (result != ISAL_DECOMP_OK) return Corrupt(StreamFormat::kGzip, Explain(result), input);
    if (state_->block_state == ISAL_BLOCK_FINISH) place_ = Place::kBetween;
    return room - state_->avail_out;
  }

  const std::unique_ptr<inflate_state> state_ = std::make_unique<inflate_state>();
  Place place_ = Place::kBetween;
  GzipHeader header_;
};

class Decompressor : public ByteSource {
 public:
  explicit Decompressor(ByteSource& source) : source_(source), input_(source) {}

  Result<size_t> Read(std::span<char> buffer) override {
    SLUICE_TRY(state_);
    if (!is_recognised_) SLUICE_TRY(Recognise());
    if (!decoder_) return ReadPlain(buffer);
    for (;;) {
      while (input_.bytes().size() < decoder_->Wanted() && !input_.ended()) {
        SLUICE_TRY(input_.Fill());
      }
      const uint64_t offset = input_.offset();
      Result<size_t> n = decoder_->Decode(input_, buffer);
      if (n && *n > 0) return n;
      if (!n) return Remember(std::unexpected(std::move(n).error()));
      if (!input_.bytes().empty()) {
        if (input_.offset() == offset) return Remember(Corrupt(format_, "no progress", input_));
      } else if (!input_.ended()) {
        SLUICE_TRY(input_.Fill());
      } else if (decoder_->IsBetweenMembers()) {
        return 0;
      } else {
        return Remember(Corrupt(format_, "it is cut short", input_));
      }
    }
  }

 private:
  // By the first four bytes, or all where there are fewer.
  Status Recognise() {
    while (input_.bytes().size() < 4 && !input_.ended()) SLUICE_TRY(input_.Fill());
    const std::string_view in = input_.bytes();
    if (in.starts_with("\x1F\x8B")) {
      format_ = StreamFormat::kGzip;
      decoder_ = std::make_unique<GzipDecoder>();
    } else if (in.starts_with("\x28\xB5\x2F\xFD") || IsSkippable(in)) {
      format_ = StreamFormat::kZstd;
      decoder_ = std::make_unique<ZstdDecoder>();
    }
    is_recognised_ = true;
    return {};
  }

  Result<size_t> ReadPlain(std::span<char> buffer) {
    if (input_.bytes().empty()) return input_.ended() ? 0 : source_.Read(buffer);
    const size_t n = input_.bytes().copy(buffer.data(), buffer.size());
    input_.Consume(n);
    return n;
  }

  std::unexpected<Error> Remember(std::unexpected<Error> fault) {
    state_ = fault;
    return fault;
  }

  // RFC 8878 §3.1.2: 0x184D2A50 to 0x184D2A5F, little-endian.
  static bool IsSkippable(std::string_view in) {
    return in.size() >= 4 && (in[0] & 0xF0) == 0x50 && in.substr(1, 3) == "\x2A\x4D\x18";
  }

  ByteSource& source_;  // outlives this
  Input input_;
  bool is_recognised_ = false;
  StreamFormat format_ = StreamFormat::kPlain;
  std::unique_ptr<Decoder> decoder_;  // none: plain
  Status state_;                      // the first fault of the data; it stays
};

}  // namespace

std::unique_ptr<ByteSource> DecompressingSource(ByteSource& source) {
  return std::make_unique<Decompressor>(source);
}

}  // namespace sluice
