// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/member_search.h"

#include <algorithm>

#include "sluice/codec/stream_codec_zstd_header.h"

namespace sluice {
namespace {

class GzipSearch : public MemberSearch {
 public:
  size_t Find(std::string_view bytes, size_t at_least) override {
    size_t at = std::max(at_, at_least);
    while ((at = bytes.find(kMagic, at)) != std::string_view::npos &&
           at + kMagic.size() < bytes.size()) {
      if ((bytes[at + kMagic.size()] & kReservedFlags) == 0) return at;
      ++at;
    }
    at_ = bytes.size() - std::min(bytes.size(), kMagic.size());  // it may be the front of one
    return std::string_view::npos;
  }
  void Restart() override { at_ = 0; }

 private:
  static constexpr std::string_view kMagic = "\x1F\x8B\x08";  // its last byte is the method
  static constexpr char kReservedFlags = '\xE0';

  size_t at_ = 0;  // before it no header begins
};

class ZstdSearch : public MemberSearch {
 public:
  size_t Find(std::string_view bytes, size_t at_least) override {
    while (begin_ < at_least) {
      const size_t length = begin_ < bytes.size() ? frame_.FindEnd(bytes.substr(begin_)) : 0;
      if (length == 0 || length > bytes.size() - begin_) return std::string_view::npos;
      begin_ += length;
      frame_ = ZstdFrameWalk();
    }
    return begin_;
  }
  void Restart() override {
    begin_ = 0;
    frame_ = ZstdFrameWalk();
  }

 private:
  size_t begin_ = 0;  // of the frame at hand
  ZstdFrameWalk frame_;
};

}  // namespace

std::unique_ptr<MemberSearch> MakeMemberSearch(StreamFormat format) {
  switch (format) {
    case StreamFormat::kGzip:
      return std::make_unique<GzipSearch>();
    case StreamFormat::kZstd:
      return std::make_unique<ZstdSearch>();
    case StreamFormat::kPlain:
      break;
  }
  return nullptr;
}

}  // namespace sluice
