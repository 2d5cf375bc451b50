// SPDX-License-Identifier: Apache-2.0
#include "sluice/codec/block_codec.h"

#include <fmt/format.h>
#include <isa-l.h>
#include <snappy.h>
#define ZSTD_STATIC_LINKING_ONLY  // for ZSTD_c_literalCompressionMode
#include <zstd.h>

#include "sluice/base/check.h"
#include "sluice/codec/snappy_encoder.h"

namespace sluice {
namespace {

// A table of 16 KiB, which stays in the innermost cache, instead of level 1's 64 (ADR 0030).
constexpr int kZstdHashLog = 12;

// Replaces `out` by the bytes that `fill(data)` writes, at most `capacity`, without zeroing the
// memory first. `fill` returns how many.
template <typename Fill>
void Overwrite(std::string& out, size_t capacity, Fill fill) {
  out.clear();  // or growing would copy the old content
  // The size that g++ 12 hands on is what it allocated, which may be more than was asked for.
  out.resize_and_overwrite(capacity, [&](char* data, size_t) { return fill(data); });
}

Status DecompressSnappy(std::string_view in, size_t size, std::string& out) {
  size_t stated = 0;
  if (!snappy::GetUncompressedLength(in.data(), in.size(), &stated) || stated != size) {
    return Fail(ErrorKind::kBadData,
                "cannot decompress snappy block: it states another size than {}", size);
  }
  bool good = false;
  Overwrite(out, size, [&](char* data) {
    good = snappy::RawUncompress(in.data(), in.size(), data);
    return size;
  });
  if (!good) {
    return Fail(ErrorKind::kBadData, "cannot decompress snappy block: damaged: length={}",
                in.size());
  }
  return {};
}

}  // namespace

struct BlockCodec::State {
  SnappyEncoder snappy;
  ZSTD_CCtx* compress = nullptr;
  ZSTD_CCtx* compress_literals = nullptr;
  ZSTD_DCtx* decompress = nullptr;

  ~State() {
    ZSTD_freeCCtx(compress);
    ZSTD_freeCCtx(compress_literals);
    ZSTD_freeDCtx(decompress);
  }

  static ZSTD_CCtx* NewCompressor(int level, ZSTD_cParameter parameter, int value) {
    ZSTD_CCtx* const made = ZSTD_createCCtx();
    SLUICE_CHECK(made != nullptr);
    SLUICE_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(made, ZSTD_c_compressionLevel, level)));
    SLUICE_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(made, parameter, value)));
    return made;
  }

  void CompressZstd(std::string_view in, std::string& out) {
    if (compress == nullptr) compress = NewCompressor(1, ZSTD_c_hashLog, kZstdHashLog);
    CompressZstd(compress, in, out);
  }

  // The level's acceleration makes the search for matches step over all of a page.
  void CompressLiterals(std::string_view in, std::string& out) {
    if (compress_literals == nullptr) {
      compress_literals = NewCompressor(-1000, ZSTD_c_literalCompressionMode, ZSTD_ps_enable);
    }
    CompressZstd(compress_literals, in, out);
  }

  static void CompressZstd(ZSTD_CCtx* context, std::string_view in, std::string& out) {
    const size_t bound = ZSTD_compressBound(in.size());
    Overwrite(out, bound, [&](char* data) {
      const size_t written = ZSTD_compress2(context, data, bound, in.data(), in.size());
      SLUICE_CHECK(!ZSTD_isError(written));  // the bound makes it impossible
      return written;
    });
  }

  Status DecompressZstd(std::string_view in, size_t size, std::string& out) {
    if (decompress == nullptr) decompress = ZSTD_createDCtx();
    SLUICE_CHECK(decompress != nullptr);
    if (ZSTD_getFrameContentSize(in.data(), in.size()) != size ||
        ZSTD_findFrameCompressedSize(in.data(), in.size()) != in.size()) {
      return Fail(ErrorKind::kBadData,
                  "cannot decompress zstd block: not one frame that states {} bytes", size);
    }
    size_t written = 0;
    Overwrite(out, size, [&](char* data) {
      written = ZSTD_decompressDCtx(decompress, data, size, in.data(), in.size());
      return size;
    });
    if (written != size) {  // also when it is an error code
      return Fail(ErrorKind::kBadData, "cannot decompress zstd block: {}: length={}",
                  ZSTD_isError(written) ? ZSTD_getErrorName(written) : "too short", in.size());
    }
    return {};
  }
};

std::string_view Name(Codec codec) {
  switch (codec) {
    case Codec::kUncompressed:
      return "none";
    case Codec::kSnappy:
      return "snappy";
    case Codec::kZstd:
      return "zstd";
  }
  return "?";
}

std::optional<Codec> CodecNamed(std::string_view name) {
  for (const Codec codec : {Codec::kUncompressed, Codec::kSnappy, Codec::kZstd}) {
    if (name == Name(codec)) return codec;
  }
  return std::nullopt;
}

BlockCodec::BlockCodec() : state_(std::make_unique<State>()) {}
BlockCodec::~BlockCodec() = default;
BlockCodec::BlockCodec(BlockCodec&&) noexcept = default;
BlockCodec& BlockCodec::operator=(BlockCodec&&) noexcept = default;

void BlockCodec::Compress(Codec codec, std::string_view in, std::string& out) {
  switch (codec) {
    case Codec::kUncompressed:
      out.assign(in);
      return;
    case Codec::kSnappy:
      Overwrite(out, SnappyEncoder::MostBytes(in.size()),
                [&](char* data) { return state_->snappy.Compress(in, data); });
      return;
    case Codec::kZstd:
      state_->CompressZstd(in, out);
      return;
  }
}

void BlockCodec::CompressLiterals(std::string_view in, std::string& out) {
  state_->CompressLiterals(in, out);
}

Status BlockCodec::Decompress(Codec codec, std::string_view in, size_t size, std::string& out) {
  switch (codec) {
    case Codec::kUncompressed:
      if (in.size() != size) {
        return Fail(ErrorKind::kBadData, "uncompressed block has {} bytes, not {}", in.size(),
                    size);
      }
      out.assign(in);
      return {};
    case Codec::kSnappy:
      return DecompressSnappy(in, size, out);
    case Codec::kZstd:
      return state_->DecompressZstd(in, size, out);
  }
  return Fail(ErrorKind::kBadData, "unknown codec");
}

uint32_t Crc32(std::string_view data, uint32_t seed) {
  // ISA-L does 56 GB/s on a Zen 4 core where libdeflate does 14. Its parameter lacks a const.
  return crc32_gzip_refl(
      seed, reinterpret_cast<unsigned char*>(const_cast<char*>(data.data())),  // NOLINT
      data.size());
}

std::string CodecVersions() {
  return fmt::format("snappy-encoder {} zstd {} hash-log {}", SnappyEncoder::kVersion,
                     ZSTD_versionString(), kZstdHashLog);
}

}  // namespace sluice
