// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/column_writer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "sluice/parquet/boolean_encoding.h"
#include "sluice/parquet/chunk_writer.h"
#include "sluice/parquet/number_encoding.h"
#include "sluice/parquet/page_builder.h"
#include "sluice/parquet/parquet_schema.h"
#include "sluice/parquet/text_encoding.h"

namespace sluice {
namespace {

constexpr size_t kFirstLook = 4'096, kSecondLook = 32'768;  // values after which it is decided
constexpr size_t kNearlyAllPercent = 97;
constexpr size_t kNever = std::numeric_limits<size_t>::max();

// The row that holds value number `value` (from 0), which is there.
size_t RowOfValue(const uint8_t* present, size_t value) {
  size_t row = 0;
  for (size_t seen = 0;; ++row) {
    if (present[row] != 0 && seen++ == value) return row;
  }
}

// Encoding says how the values of one column become PLAIN bytes, dictionary ids and statistics:
// TextEncoding, NumberEncoding<Wire> or BooleanEncoding. There is no virtual call for a value.
template <typename Encoding>
class TypedColumnWriter final : public ColumnWriter {
  using Value = typename Encoding::Value;

 public:
  TypedColumnWriter(Encoding encoding, bool required, const ParquetWriterOptions& options,
                    PageTraffic& traffic)
      : encoding_(std::move(encoding)),
        required_(required),
        page_bytes_(options.page.count),
        page_(required),
        chunk_(options.codec, traffic) {}

  void Append(const ColumnSlice& slice) override {
    AppendRows(slice.batch.present.data() + slice.row, slice.rows,
               Encoding::ValuesOf(slice.batch).data() + slice.value, slice.values);
    nulls_ += slice.rows - slice.values;
  }

  uint64_t bytes() const override {
    uint64_t bytes = chunk_.bytes() + page_.value_bytes() + page_.rows() / 8;
    if constexpr (Encoding::kHasDictionary) {
      bytes += encoding_.dictionary_bytes();
      if (in_dictionary_) bytes += IdBytes(page_.values());
    }
    return bytes;
  }

  std::shared_ptr<ChunkPages> EndChunk() override;

  std::optional<ParquetFileInfo::Range> int_range() const override { return int_range_; }

 private:
  void AppendRows(const uint8_t* present, size_t rows, const Value* values, size_t count);
  size_t AppendIds(const Value* values, size_t count);
  void GiveUpDictionary();
  bool DictionaryPays() const;
  uint64_t IdBytes(size_t values) const;
  void FinishPage();

  Encoding encoding_;
  const bool required_;
  const size_t page_bytes_;
  PageBuilder page_;
  ChunkWriter chunk_;
  std::optional<ParquetFileInfo::Range> int_range_;
  uint64_t nulls_ = 0;

  // With a dictionary, the page under construction is ids_ and page_ has its rows only.
  bool in_dictionary_ = Encoding::kHasDictionary;
  bool giving_up_ = false;  // at the next value, or at the page's end
  std::vector<uint16_t> ids_;
  size_t looked_up_ = 0, next_look_ = kFirstLook;
  uint64_t plain_bytes_ = 0;  // of the values looked up
  ByteBuffer dictionary_page_;
};

template <typename Encoding>
void TypedColumnWriter<Encoding>::AppendRows(const uint8_t* present, size_t rows,
                                             const Value* values, size_t count) {
  while (rows > 0) {
    size_t n = std::min(rows, kMostRowsInPage - page_.rows());
    const size_t here = required_ ? n : n == rows ? count : CountPresent(present, n);
    size_t taken = 0;
    if (in_dictionary_) {
      taken = AppendIds(values, here);
    } else {
      taken = encoding_.AppendPlain(values, here, page_.BodySize(page_bytes_),
                                    page_.values() == 0 ? 1 : 0, page_.body());
    }
    // What ends a page is a value: the NULLs before it belong to the page, wherever slices end.
    if (taken < here) n = required_ ? taken : RowOfValue(present, taken);
    page_.AddRows(present, n, taken);
    rows -= n;
    if (!required_) present += n;  // a required column has none
    values += taken;
    count -= taken;
    const bool full = page_.rows() == kMostRowsInPage;
    if (giving_up_ && (full || taken < here)) {
      GiveUpDictionary();
    } else if (full || (taken < here && !in_dictionary_)) {
      FinishPage();
    }
  }
}

// Returns how many were taken; fewer than `count` when it is time to look whether the dictionary
// pays, or when it is being given up.
template <typename Encoding>
size_t TypedColumnWriter<Encoding>::AppendIds(const Value* values, size_t count) {
  if constexpr (Encoding::kHasDictionary) {
    if (giving_up_) return 0;
    const size_t wanted = std::min(count, next_look_ - looked_up_);
    const size_t begin = ids_.size();
    ids_.resize(begin + wanted);
    const size_t taken = encoding_.Lookup(values, wanted, ids_.data() + begin);
    ids_.resize(begin + taken);
    plain_bytes_ += encoding_.PlainBytes(values, taken);
    looked_up_ += taken;
    if (taken < wanted) giving_up_ = true;
    if (looked_up_ == next_look_) {
      const bool first = next_look_ == kFirstLook;
      giving_up_ |= first ? encoding_.dictionary_size() * 100 > looked_up_ * kNearlyAllPercent
                          : !DictionaryPays();
      next_look_ = first ? kSecondLook : kNever;
    }
    return taken;
  }
  return 0;
}

template <typename Encoding>
uint64_t TypedColumnWriter<Encoding>::IdBytes(size_t values) const {
  if constexpr (Encoding::kHasDictionary) {
    const size_t most = std::max<size_t>(encoding_.dictionary_size(), 1) - 1;
    return values * static_cast<uint64_t>(BitWidth(static_cast<uint32_t>(most))) / 8;
  }
  return 0;
}

template <typename Encoding>
bool TypedColumnWriter<Encoding>::DictionaryPays() const {
  if constexpr (Encoding::kHasDictionary) {
    return (encoding_.dictionary_bytes() + IdBytes(looked_up_)) * 4 <= plain_bytes_ * 3;
  }
  return false;
}

template <typename Encoding>
void TypedColumnWriter<Encoding>::GiveUpDictionary() {
  if constexpr (Encoding::kHasDictionary) {
    giving_up_ = false;
    if (chunk_.pages() > 0) {
      if (page_.rows() > 0) FinishPage();
      in_dictionary_ = false;
      return;
    }
    in_dictionary_ = false;
    const std::vector<uint8_t> present = page_.present();
    const std::vector<uint16_t> ids = std::exchange(ids_, {});
    const size_t rows = page_.rows();
    std::vector<Value> values;
    values.reserve(ids.size());
    for (const uint16_t id : ids) values.push_back(encoding_.DictionaryValue(id));
    page_.Clear();
    AppendRows(present.data(), rows, values.data(), values.size());
    encoding_.ClearDictionary();
  }
}

template <typename Encoding>
void TypedColumnWriter<Encoding>::FinishPage() {
  PageEncoding encoding = PageEncoding::kPlain;
  std::string_view dictionary;
  if constexpr (Encoding::kHasDictionary) {
    if (in_dictionary_ && !ids_.empty()) {
      encoding = PageEncoding::kRleDictionary;
      uint16_t most = 0;
      for (const uint16_t id : ids_) most = std::max(most, id);
      const int width = BitWidth(most);
      *page_.body().Reserve(1) = static_cast<char>(width);
      page_.body().Advance(1);
      sluice::AppendIds(ids_, width, page_.body());
      ids_.clear();
    }
    if (!chunk_.has_sample()) dictionary = encoding_.DictionaryPage(dictionary_page_);
  } else {
    page_.PackValues();
  }
  chunk_.AddDataPage(page_.Take(encoding, chunk_.memory()), dictionary);
}

template <typename Encoding>
std::shared_ptr<ChunkPages> TypedColumnWriter<Encoding>::EndChunk() {
  std::string_view dictionary;
  uint32_t entries = 0;
  if (in_dictionary_ && (giving_up_ || (chunk_.pages() == 0 && !DictionaryPays()))) {
    GiveUpDictionary();
  }
  if (page_.rows() > 0) FinishPage();
  if constexpr (Encoding::kHasDictionary) {
    dictionary = encoding_.DictionaryPage(dictionary_page_);
    entries = static_cast<uint32_t>(encoding_.dictionary_size());
  }
  std::shared_ptr<ChunkPages> ended = chunk_.End(dictionary, entries);
  ended->statistics = {.nulls = nulls_, .min_max = encoding_.MinMax()};
  if (const auto range = encoding_.IntRange()) {
    int_range_ = int_range_ ? ParquetFileInfo::Range{std::min(int_range_->min, range->min),
                                                     std::max(int_range_->max, range->max)}
                            : *range;
  }
  encoding_.ClearRange();
  if constexpr (Encoding::kHasDictionary) encoding_.ClearDictionary();
  nulls_ = 0;
  in_dictionary_ = Encoding::kHasDictionary;
  giving_up_ = false;
  looked_up_ = plain_bytes_ = 0;
  next_look_ = kFirstLook;
  return ended;
}

template <typename Encoding>
std::unique_ptr<ColumnWriter> Make(Encoding encoding, const ParquetColumn& column,
                                   const ParquetWriterOptions& options, PageTraffic& traffic) {
  return std::make_unique<TypedColumnWriter<Encoding>>(std::move(encoding), column.not_null,
                                                       options, traffic);
}

template <typename Wire>
std::unique_ptr<ColumnWriter> MakeNumber(Wire wire, const ParquetColumn& column,
                                         const ParquetWriterOptions& options,
                                         PageTraffic& traffic) {
  return Make(NumberEncoding<Wire>(wire, options.dictionary.count), column, options, traffic);
}

}  // namespace

std::unique_ptr<ColumnWriter> MakeColumnWriter(const ParquetColumn& column,
                                               const ParquetWriterOptions& options,
                                               PageTraffic& traffic) {
  const SchemaElement element = SchemaElementOf(column);
  switch (element.type) {
    case PhysicalType::kBoolean:
      return Make(BooleanEncoding(), column, options, traffic);
    case PhysicalType::kInt32:
      return MakeNumber(IntWire<int32_t>(), column, options, traffic);
    case PhysicalType::kInt64:
      return MakeNumber(IntWire<int64_t>(), column, options, traffic);
    case PhysicalType::kFloat:
      return MakeNumber(FloatWire<float>(), column, options, traffic);
    case PhysicalType::kDouble:
      return MakeNumber(FloatWire<double>(), column, options, traffic);
    case PhysicalType::kFixedLenByteArray:
      return MakeNumber(DecimalWire{static_cast<size_t>(element.type_length)}, column, options,
                        traffic);
    case PhysicalType::kByteArray:
      break;
  }
  return Make(TextEncoding(options.dictionary.count), column, options, traffic);
}

size_t CountPresent(const uint8_t* present, size_t rows) {
  size_t count = 0;
  size_t row = 0;
  // Eight bytes of 0 or 1 add up within the top byte of a product.
  for (; row + 8 <= rows; row += 8) {
    uint64_t eight;
    std::memcpy(&eight, present + row, 8);
    count += eight * 0x0101'0101'0101'0101 >> 56;
  }
  for (; row < rows; ++row) count += present[row];
  return count;
}

}  // namespace sluice
