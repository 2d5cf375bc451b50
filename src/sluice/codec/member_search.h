// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "sluice/codec/stream_codec.h"

namespace sluice {

// Looks, without decoding, for a place in compressed bytes where a member or frame may end and the
// next one begin. zstd says where a frame ends; gzip does not, and what looks like the header of a
// member (RFC 1952 §2.3.1) may be data. Nothing is missed but what is no member at all.
class MemberSearch {
 public:
  virtual ~MemberSearch() = default;
  // `bytes` begin at the begin of a member; in further calls bytes are added behind. The first such
  // place at or after `at_least` (not 0), or npos: not among these. Takes linear time in all.
  virtual size_t Find(std::string_view bytes, size_t at_least) = 0;
  // For other bytes.
  virtual void Restart() = 0;
};

// Of gzip or zstd; none for kPlain.
std::unique_ptr<MemberSearch> MakeMemberSearch(StreamFormat format);

}  // namespace sluice
