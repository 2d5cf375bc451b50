// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// The wire types of Thrift's compact protocol (thrift/doc/specs/thrift-compact-protocol.md).
enum class ThriftType : uint8_t {
  kStop = 0,
  kTrue = 1,
  kFalse = 2,
  kByte = 3,
  kI16 = 4,
  kI32 = 5,
  kI64 = 6,
  kDouble = 7,
  kBinary = 8,
  kList = 9,
  kSet = 10,
  kMap = 11,
  kStruct = 12,
};

// Writes one struct. Fields come in rising order of id. Calls must nest:
//   ThriftWriter w(out); w.I32(1, 5); w.BeginStruct(2); …; w.End(); w.End();
class ThriftWriter {
 public:
  explicit ThriftWriter(std::string& out) : out_(out) {}

  void Bool(int id, bool value);
  void Byte(int id, int8_t value);
  void I32(int id, int32_t value);
  void I64(int id, int64_t value);
  void Binary(int id, std::string_view value);
  void BeginStruct(int id);
  // `size` elements follow, each through the matching Element call.
  void BeginList(int id, ThriftType element, size_t size);
  void ElementI32(int32_t value);
  void ElementBinary(std::string_view value);
  void BeginElementStruct();
  // Ends the innermost struct; once more than there were Begin calls: the outermost.
  void End();

 private:
  void Field(int id, ThriftType type);
  void Varint(uint64_t value);

  std::string& out_;
  std::array<int, 8> last_id_{};
  size_t depth_ = 0;
};

// Reads structs out of hostile bytes, at most 16 levels of them; every element of a list is at
// least a byte. Fuzzed by the readers of footers and pages. The first fault ends everything: from
// then on ok() is false, NextField answers kStop, and values are 0 or empty, so callers check ok()
// once at the end.
//   ThriftReader r(bytes);
//   r.BeginStruct();
//   while (r.NextField()) switch (r.id()) { case 1: n = r.I32(); break; default: r.Skip(); }
class ThriftReader {
 public:
  explicit ThriftReader(std::string_view data) : data_(data) {}

  // Steps into a struct: the outermost one, a field's value, or a list's element.
  void BeginStruct();
  // The next field of the innermost struct; false at its end, which leaves it.
  bool NextField();
  int id() const { return id_; }

  // The value of the field NextField found; another type there is a fault.
  bool Bool();
  int8_t Byte();
  int32_t I32();
  int64_t I64();
  std::string_view Binary();
  void EnterStruct();
  // The number of elements, each at least one byte long.
  size_t List(ThriftType element);
  void Skip();

  int32_t ElementI32();
  std::string_view ElementBinary();

  // For faults of meaning: ends the reading like a fault of form.
  void Refuse(const char* reason);
  bool ok() const { return fault_ == nullptr; }
  const char* fault() const { return fault_; }  // nullptr when ok
  size_t position() const { return position_; }

 private:
  static constexpr size_t kDeepest = 16;

  bool Expect(ThriftType type);
  uint8_t Next();
  uint64_t Varint();
  int64_t ZigZag(int64_t least, int64_t most);
  std::string_view Bytes();
  void SkipValue(ThriftType type, size_t depth);
  std::pair<ThriftType, size_t> ListHeader();

  std::string_view data_;
  size_t position_ = 0;
  const char* fault_ = nullptr;
  std::array<int, kDeepest> last_id_{};
  size_t depth_ = 0;
  int id_ = 0;
  ThriftType type_ = ThriftType::kStop;
};

}  // namespace sluice
