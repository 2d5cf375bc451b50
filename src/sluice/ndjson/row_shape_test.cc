// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/row_shape.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sluice/ndjson/json_scan.h"

namespace sluice {
namespace {

// Some lines and where their quotes are.
class IndexedText {
 public:
  IndexedText(const ScanKernels& kernels, std::string_view lines) : text_(lines) {
    text_.append(kScanPadding, '"');
    index_.Reset(lines.size());
    kernels.index({text_.data(), lines.size()}, index_);
  }

  IndexedLine line(size_t row) const {
    const auto before = row == 0 ? StructuralIndex::Row{} : index_.rows[row - 1];
    return {.text = text_.data(),
            .begin = row == 0 ? 0 : before.end + 1,
            .end = index_.rows[row].end,
            .quotes = index_.quotes.get() + before.quotes,
            .quote_count = index_.rows[row].quotes - before.quotes};
  }

 private:
  std::string text_;
  StructuralIndex index_;
};

// The fields as "0s 4n": the quotes that open their keys, and whether a string follows.
std::string InWords(const RowShape* shape) {
  if (shape == nullptr) return "none";
  std::string words;
  for (const FieldPlace field : shape->fields) {
    if (!words.empty()) words += ' ';
    words += std::to_string(field.key_quote()) + (field.is_scalar() ? 'n' : 's');
  }
  return words;
}

std::string ShapeOf(const ScanKernels& kernels, Spacing spacing, std::string_view lines) {
  const IndexedText text(kernels, lines);
  RowShapes shapes(kernels, spacing);
  return InWords(shapes.Of(text.line(0)));
}

TEST(RowShapeTest, DistancesTellKeysFromValues) {
  for (const Isa isa : SupportedIsas()) {
    const ScanKernels& kernels = KernelsFor(isa);
    const auto tight = [&](std::string_view line) { return ShapeOf(kernels, {2, 2}, line); };
    EXPECT_EQ(tight("{\"a\":\"x\",\"b\":\"y\"}\n"), "0s 4s") << Name(isa);
    EXPECT_EQ(tight("{\"a\":\"x\",\"b\":null,\"c\":\"y\"}\n"), "0s 4n 6s") << Name(isa);
    EXPECT_EQ(tight("{\"a\":1}\n"), "0n") << Name(isa);
    EXPECT_EQ(tight("{\"a\": \"x\"}\n"), "0n 2n") << Name(isa);  // another spacing's
    const auto wide = [&](std::string_view line) { return ShapeOf(kernels, {2, 3}, line); };
    EXPECT_EQ(wide("{\"a\":\"x\", \"b\":\"y\"}\n"), "0s 4s") << Name(isa);
    EXPECT_EQ(wide("{\"a\":\"x\",\"b\":\"y\"}\n"), "none") << Name(isa);
    EXPECT_EQ(wide("{\"a\":1, \"b\":\"y\"}\n"), "0n 2s") << Name(isa);
  }
}

TEST(RowShapeTest, TheNextLineIsNoPartOfIt) {
  for (const Isa isa : SupportedIsas()) {
    const ScanKernels& kernels = KernelsFor(isa);
    // Six bytes from the last quote of the line to the first of the next.
    EXPECT_EQ(ShapeOf(kernels, {6, 6}, "{\"a\":1}\n{\"b\":1}\n"), "0n") << Name(isa);
    EXPECT_EQ(ShapeOf(kernels, {6, 2}, "{\"a\":1}\n{\"b\":1}\n"), "0n") << Name(isa);
    // Nor does it make another shape of the same line.
    for (const Spacing spacing : {Spacing{2, 2}, Spacing{2, 4}, Spacing{2, 5}, Spacing{4, 2}}) {
      const IndexedText text(kernels,
                             "{\"a\":\"x\"}\n{\"a\":\"x\"}\n {\"a\":\"x\"}\n  {\"a\":\"x\"}\n");
      RowShapes shapes(kernels, spacing);
      for (size_t row = 0; row < 4; ++row) {
        RowShape* const shape = shapes.Of(text.line(row));
        ASSERT_NE(shape, nullptr);
        EXPECT_EQ(shape->template_hint, row) << Name(isa);
        shape->template_hint = static_cast<uint32_t>(row + 1);
      }
    }
  }
}

// Of strings on both sides of a word's end, and of as many as there may be.
TEST(RowShapeTest, AsManyStringsAsThereMayBe) {
  for (const Isa isa : SupportedIsas()) {
    for (const size_t strings : {2, 62, 64, 66, 126, 128, 130, 510, 512, 514}) {
      std::string line = "{", want;
      for (size_t i = 0; i < strings / 2; ++i) {
        line += i == 0 ? "\"k\":\"v\"" : ",\"k\":\"v\"";
        want += (i == 0 ? "" : " ") + std::to_string(4 * i) + "s";
      }
      const std::string found = ShapeOf(KernelsFor(isa), {2, 2}, line + "}\n");
      EXPECT_EQ(found, strings > RowShape::kMostStrings ? "none" : want) << Name(isa);
    }
  }
}

// More shapes than are kept: each is found out again.
TEST(RowShapeTest, ForgottenShapesAreBuiltAgain) {
  for (const Isa isa : SupportedIsas()) {
    RowShapes shapes(KernelsFor(isa), {2, 2});
    for (int pass = 0; pass < 2; ++pass) {
      for (size_t bits = 0; bits < 10'000; ++bits) {
        std::string line = "{", want;
        size_t quote = 0;
        for (size_t field = 0; field < 14; ++field) {
          const bool is_null = (bits >> field & 1) != 0;
          line += field == 0 ? "\"k\":" : ",\"k\":";
          line += is_null ? "null" : "\"v\"";
          want += (field == 0 ? "" : " ") + std::to_string(quote) + (is_null ? 'n' : 's');
          quote += is_null ? 2 : 4;
        }
        const IndexedText text(KernelsFor(isa), line + "}\n");
        ASSERT_EQ(InWords(shapes.Of(text.line(0))), want) << Name(isa);
      }
    }
  }
}

}  // namespace
}  // namespace sluice
