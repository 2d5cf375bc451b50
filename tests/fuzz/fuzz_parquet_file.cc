// SPDX-License-Identifier: Apache-2.0
// Any bytes as a Parquet file, as they are and once more with a footer whose seal is right, so that
// what is behind the seal is reached: columns of as many values as the footer says, or kBadData.
#include <cstring>

#include "sluice/parquet/parquet_format.h"
#include "sluice/parquet/parquet_reader.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/parquet_seeds.h"

namespace sluice {
namespace {

constexpr size_t kTrailer = 8;

void CheckColumn(const ParquetReader& reader, size_t group, size_t column) {
  const auto values = reader.Read(group, column);
  if (!values) {
    SLUICE_CHECK(values.error().kind() == ErrorKind::kBadData);
    return;
  }
  const ColumnBatch& batch = values->batch;
  SLUICE_CHECK(batch.present.size() == reader.rows_in(group));
  size_t present = 0, bytes = 0;
  for (const uint8_t one : batch.present) present += one;
  for (const std::string_view text : batch.texts) {
    for (const char c : text) bytes += static_cast<size_t>(c != 0);  // reads what it points to
  }
  SLUICE_CHECK(present == batch.ints.size() + batch.wide_ints.size() + batch.doubles.size() +
                              batch.texts.size());
  SLUICE_CHECK(bytes <= ParquetReader::kLargestPage.count * present);
}

// Every column of the first groups; time is linear in the file, and a page may be in one only.
void CheckFile(std::string bytes) {
  StringAccess file(std::move(bytes));
  const auto reader = ParquetReader::Open(file);
  if (!reader) {
    SLUICE_CHECK(reader.error().kind() == ErrorKind::kBadData);
    return;
  }
  for (size_t group = 0; group < std::min<size_t>(reader->row_groups(), 8); ++group) {
    for (size_t column = 0; column < reader->columns().size(); ++column) {
      CheckColumn(*reader, group, column);
    }
  }
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return ParquetSeeds();
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  std::string file(FuzzInput(data, size).Rest());
  CheckFile(file);
  if (file.size() < kParquetMagic.size() + kTrailer) return 0;
  uint32_t length = 0;
  std::memcpy(&length, file.data() + file.size() - kTrailer, 4);
  const size_t most = file.size() - kParquetMagic.size() - kTrailer;
  if (length > most) return 0;
  std::string footer = file.substr(file.size() - kTrailer - length, length);
  if (!SealFooter(footer)) return 0;
  file.replace(file.size() - kTrailer - length, length, footer);
  CheckFile(std::move(file));
  return 0;
}
