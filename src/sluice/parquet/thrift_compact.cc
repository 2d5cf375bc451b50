// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/thrift_compact.h"

#include <limits>

#include "sluice/base/check.h"

namespace sluice {
namespace {

uint64_t ToZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

}  // namespace

void ThriftWriter::Varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
  out_.push_back(static_cast<char>(value));
}

void ThriftWriter::Field(int id, ThriftType type) {
  const int delta = id - last_id_[depth_];
  SLUICE_CHECK(delta >= 1 && delta <= 15);
  out_.push_back(static_cast<char>(delta << 4 | static_cast<int>(type)));
  last_id_[depth_] = id;
}

void ThriftWriter::Bool(int id, bool value) {
  Field(id, value ? ThriftType::kTrue : ThriftType::kFalse);
}

void ThriftWriter::Byte(int id, int8_t value) {
  Field(id, ThriftType::kByte);
  out_.push_back(static_cast<char>(value));
}

void ThriftWriter::I32(int id, int32_t value) {
  Field(id, ThriftType::kI32);
  Varint(ToZigZag(value));
}

void ThriftWriter::I64(int id, int64_t value) {
  Field(id, ThriftType::kI64);
  Varint(ToZigZag(value));
}

void ThriftWriter::Binary(int id, std::string_view value) {
  Field(id, ThriftType::kBinary);
  ElementBinary(value);
}

void ThriftWriter::BeginStruct(int id) {
  Field(id, ThriftType::kStruct);
  BeginElementStruct();
}

void ThriftWriter::BeginList(int id, ThriftType element, size_t size) {
  Field(id, ThriftType::kList);
  const size_t inline_size = size < 15 ? size : 15;
  out_.push_back(static_cast<char>(inline_size << 4 | static_cast<size_t>(element)));
  if (size >= 15) Varint(size);
}

void ThriftWriter::ElementI32(int32_t value) {
  Varint(ToZigZag(value));
}

void ThriftWriter::ElementBinary(std::string_view value) {
  Varint(value.size());
  out_.append(value);
}

void ThriftWriter::BeginElementStruct() {
  SLUICE_CHECK(depth_ + 1 < last_id_.size());
  last_id_[++depth_] = 0;
}

void ThriftWriter::End() {
  out_.push_back(0);
  if (depth_ > 0) --depth_;
}

void ThriftReader::Refuse(const char* reason) {
  if (fault_ == nullptr) fault_ = reason;
}

uint8_t ThriftReader::Next() {
  if (!ok()) return 0;
  if (position_ >= data_.size()) {
    Refuse("cut short");
    return 0;
  }
  return static_cast<uint8_t>(data_[position_++]);
}

uint64_t ThriftReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = Next();
    if (shift == 63 && byte > 1) break;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  Refuse("varint too long");
  return 0;
}

int64_t ThriftReader::ZigZag(int64_t least, int64_t most) {
  const uint64_t coded = Varint();
  const int64_t value = static_cast<int64_t>((coded >> 1) ^ (0 - (coded & 1)));
  if (value < least || value > most) {
    Refuse("number out of range");
    return 0;
  }
  return value;
}

std::string_view ThriftReader::Bytes() {
  const uint64_t size = Varint();
  if (!ok()) return {};
  if (size > data_.size() - position_) {
    Refuse("string longer than the rest");
    return {};
  }
  const std::string_view bytes = data_.substr(position_, size);
  position_ += size;
  return bytes;
}

void ThriftReader::BeginStruct() {
  if (depth_ + 1 >= kDeepest) return Refuse("nested too deep");
  last_id_[++depth_] = 0;
}

bool ThriftReader::NextField() {
  const uint8_t head = Next();
  type_ = static_cast<ThriftType>(head & 0x0f);
  if (!ok() || type_ == ThriftType::kStop) {
    if (head != 0) Refuse("bad end of struct");
    if (depth_ > 0) --depth_;
    type_ = ThriftType::kStop;
    return false;
  }
  const int delta = head >> 4;
  constexpr int kMost = std::numeric_limits<int16_t>::max();
  id_ = delta == 0 ? static_cast<int>(ZigZag(0, kMost)) : last_id_[depth_] + delta;
  if (id_ > kMost) Refuse("field id out of range");
  last_id_[depth_] = id_;
  return ok();
}

bool ThriftReader::Expect(ThriftType type) {
  if (ok() && type_ != type) Refuse("field of another type than expected");
  return ok();
}

bool ThriftReader::Bool() {
  if (type_ == ThriftType::kFalse) return false;
  return Expect(ThriftType::kTrue);
}

int8_t ThriftReader::Byte() {
  return Expect(ThriftType::kByte) ? static_cast<int8_t>(Next()) : int8_t{0};
}

int32_t ThriftReader::I32() {
  return Expect(ThriftType::kI32) ? ElementI32() : 0;
}

int64_t ThriftReader::I64() {
  using Limits = std::numeric_limits<int64_t>;
  return Expect(ThriftType::kI64) ? ZigZag(Limits::min(), Limits::max()) : 0;
}

std::string_view ThriftReader::Binary() {
  return Expect(ThriftType::kBinary) ? Bytes() : std::string_view();
}

void ThriftReader::EnterStruct() {
  if (Expect(ThriftType::kStruct)) BeginStruct();
}

std::pair<ThriftType, size_t> ThriftReader::ListHeader() {
  const uint8_t head = Next();
  const uint64_t size = head >> 4 == 15 ? Varint() : head >> 4;
  if (ok() && size > data_.size() - position_) Refuse("list longer than the rest");
  return {static_cast<ThriftType>(head & 0x0f), ok() ? size : 0};
}

size_t ThriftReader::List(ThriftType element) {
  if (!Expect(ThriftType::kList)) return 0;
  const auto [type, size] = ListHeader();
  if (size > 0 && type != element) Refuse("list of another type than expected");
  return ok() ? size : 0;
}

int32_t ThriftReader::ElementI32() {
  using Limits = std::numeric_limits<int32_t>;
  return static_cast<int32_t>(ZigZag(Limits::min(), Limits::max()));
}

std::string_view ThriftReader::ElementBinary() {
  return Bytes();
}

void ThriftReader::Skip() {
  // A boolean field has its value in its type.
  if (type_ != ThriftType::kTrue && type_ != ThriftType::kFalse) SkipValue(type_, depth_);
}

void ThriftReader::SkipValue(ThriftType type, size_t depth) {
  if (depth >= kDeepest) return Refuse("nested too deep");
  switch (type) {
    case ThriftType::kTrue:
    case ThriftType::kFalse:
    case ThriftType::kByte:
      Next();
      return;
    case ThriftType::kI16:
    case ThriftType::kI32:
    case ThriftType::kI64:
      Varint();
      return;
    case ThriftType::kDouble:
      for (int i = 0; i < 8; ++i) Next();
      return;
    case ThriftType::kBinary:
      Bytes();
      return;
    case ThriftType::kList:
    case ThriftType::kSet: {
      const auto [element, size] = ListHeader();
      for (size_t i = 0; i < size && ok(); ++i) SkipValue(element, depth + 1);
      return;
    }
    case ThriftType::kStruct: {
      BeginStruct();
      while (NextField()) Skip();
      return;
    }
    case ThriftType::kMap:  // no struct of parquet.thrift has one
    case ThriftType::kStop:
      break;
  }
  Refuse("unknown type");
}

}  // namespace sluice
