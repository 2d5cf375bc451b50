// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "sluice/codec/stream_codec.h"
#include "sluice/codec/stream_codec_decoder.h"
#include "sluice/codec/stream_codec_zstd_header.h"

namespace sluice {
namespace {

constexpr size_t kInputSize = 1 << 17;

class Decompressor : public ByteSource {
 public:
  explicit Decompressor(ByteSource& source) : source_(source), memory_(kInputSize) {}

  Result<size_t> Read(std::span<char> buffer) override {
    SLUICE_TRY(state_);
    if (!is_recognised_) SLUICE_TRY(Recognise());
    if (!decoder_) return ReadPlain(buffer);
    for (;;) {
      const uint64_t offset = input_.offset();
      Result<size_t> n = decoder_->Decode(input_, buffer);
      if (n && *n > 0) return n;
      if (!n) return Remember(std::unexpected(std::move(n).error()));
      if (!input_.bytes().empty()) {
        if (input_.offset() == offset) return Remember(Corrupt("no progress"));
      } else if (!ended_) {
        SLUICE_TRY(Fill());
      } else if (decoder_->IsBetweenMembers()) {
        return 0;
      } else {
        return Remember(Corrupt("it is cut short"));
      }
    }
  }

 private:
  // By the first four bytes, or all where there are fewer.
  Status Recognise() {
    while (input_.bytes().size() < 4 && !ended_) SLUICE_TRY(Fill());
    const std::string_view in = input_.bytes();
    if (in.starts_with("\x1F\x8B")) {
      format_ = StreamFormat::kGzip;
    } else if (in.size() >= 4 && MayBeZstdFrame(in)) {
      format_ = StreamFormat::kZstd;
    }
    decoder_ = MakeDecoder(format_);
    is_recognised_ = true;
    return {};
  }

  // One Read of the source, behind what is left.
  Status Fill() {
    const uint64_t offset = input_.offset();
    const size_t left = input_.bytes().copy(memory_.data(), memory_.size());
    SLUICE_ASSIGN(const size_t n, source_.Read(std::span(memory_).subspan(left)));
    ended_ = n == 0;
    input_ = Input({memory_.data(), left + n}, offset);
    return {};
  }

  Result<size_t> ReadPlain(std::span<char> buffer) {
    if (input_.bytes().empty()) return ended_ ? 0 : source_.Read(buffer);
    const size_t n = input_.bytes().copy(buffer.data(), buffer.size());
    input_.Consume(n);
    return n;
  }

  std::unexpected<Error> Corrupt(std::string_view what) const {
    return CorruptStream(format_, what, input_.offset());
  }

  std::unexpected<Error> Remember(std::unexpected<Error> fault) {
    state_ = fault;
    return fault;
  }

  ByteSource& source_;  // outlives this
  std::vector<char> memory_;
  Input input_;
  bool is_recognised_ = false;
  bool ended_ = false;
  StreamFormat format_ = StreamFormat::kPlain;
  std::unique_ptr<Decoder> decoder_;  // none: plain
  Status state_;                      // the first fault of the data; it stays
};

}  // namespace

std::unique_ptr<ByteSource> DecompressingSource(ByteSource& source) {
  return std::make_unique<Decompressor>(source);
}

}  // namespace sluice
