// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "sluice/ndjson/row_shape.h"
#include "sluice/ndjson/row_template.h"
#include "sluice/ndjson/scan_kernels.h"

namespace sluice {

// The templates that were learned, and the finding of a line's own. What it holds changes how fast
// lines are converted, never what becomes of them.
class TemplateStore {
 public:
  explicit TemplateStore(const ScanKernels& kernels) : kernels_(kernels) {}

  struct Match {
    const RowTemplate* row_template = nullptr;
    const RowShape* shape = nullptr;

    explicit operator bool() const { return row_template != nullptr; }
  };
  // The template that says what every byte of `line` is outside of its strings and scalars, and the
  // shape that says where those are; or nothing. Valid until the next call.
  Match Find(const IndexedLine& line);

  // Whether a line that has no template should be learned: not while what was learned before was
  // hardly used.
  bool WantsToLearn();
  void Add(RowTemplate made);
  // Forgets those that were not used for the longest time, if there are too many, or too many ways
  // of setting blanks. Nothing that Find gave may be in use.
  void Tidy();

  size_t size() const { return count_; }

 private:
  // Lines with the same blanks.
  struct Style {
    Style(const ScanKernels& kernels, Spacing of) : spacing(of), shapes(kernels, of) {}

    Spacing spacing;
    RowShapes shapes;
    std::vector<std::unique_ptr<RowTemplate>> templates;
    // By the lengths of the keys in order.
    std::unordered_multimap<uint64_t, uint32_t> by_keys;
  };

  Match FindIn(Style& style, const IndexedLine& line);
  bool IsOf(const RowTemplate& candidate, const RowShape& shape, const IndexedLine& line) const;
  static void Index(Style& style);
  static uint64_t LastHit(const Style& style);
  void ForgetStyle();

  const ScanKernels& kernels_;
  std::vector<std::unique_ptr<Style>> styles_;  // the one that was used last is the first
  size_t count_ = 0;
  bool lacks_style_ = false;                 // one more was met than are kept
  uint64_t clock_ = 0;                       // counts finds
  uint32_t to_pass_ = 0, next_to_pass_ = 0;  // lines that are not learned
};

}  // namespace sluice
