// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/stream_codec.h"

#include <array>

namespace sluice {
namespace {

constexpr std::array kFormats = {StreamFormat::kPlain, StreamFormat::kGzip, StreamFormat::kZstd};

}  // namespace

std::string_view Name(StreamFormat format) {
  switch (format) {
    case StreamFormat::kGzip:
      return "gzip";
    case StreamFormat::kZstd:
      return "zstd";
    case StreamFormat::kPlain:
      break;
  }
  return "none";
}

std::string_view Extension(StreamFormat format) {
  switch (format) {
    case StreamFormat::kGzip:
      return ".gz";
    case StreamFormat::kZstd:
      return ".zst";
    case StreamFormat::kPlain:
      break;
  }
  return "";
}

std::optional<StreamFormat> StreamFormatNamed(std::string_view name) {
  for (const StreamFormat format : kFormats) {
    if (Name(format) == name) return format;
  }
  return std::nullopt;
}

}  // namespace sluice
