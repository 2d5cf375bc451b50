// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>

#include "sluice/parquet/thrift_compact.h"

namespace sluice {

// Which fields of a struct, of the ids 1 to 31, must still come.
class RequiredFields {
 public:
  RequiredFields(std::initializer_list<int> ids) {
    for (const int id : ids) missing_ |= 1u << id;
  }
  void Saw(int id) {
    if (id > 0 && id < 32) missing_ &= ~(1u << id);
  }
  void Check(ThriftReader& r) const {
    if (missing_ != 0) r.Refuse("required field missing");
  }

 private:
  uint32_t missing_ = 0;
};

// The value of the field that `r` stands at, which counts something.
inline uint32_t ReadCount32(ThriftReader& r) {
  const int32_t value = r.I32();
  if (value < 0) r.Refuse("negative number");
  return value < 0 ? 0 : static_cast<uint32_t>(value);
}
inline uint64_t ReadCount64(ThriftReader& r) {
  const int64_t value = r.I64();
  if (value < 0) r.Refuse("negative number");
  return value < 0 ? 0 : static_cast<uint64_t>(value);
}

}  // namespace sluice
