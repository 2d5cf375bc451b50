// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
    const RowTemplate* row_template;
    const RowShape* shape;
  };
  // A template of which every byte of `line` outside of its strings and scalars is, with the shape
  // that says where those are. Valid until the next call.
  std::optional<Match> Find(const IndexedLine& line);

  // Whether a line that has no template should be learned: not while what was learned before was
  // hardly used.
  bool WantsToLearn();
  void Add(RowTemplate made);
  // Forgets those that were not used for the longest time, if there are too many. Nothing that Find
  // gave may be in use.
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

  std::optional<Match> FindIn(Style& style, const IndexedLine& line);
  bool IsOf(const RowTemplate& candidate, const RowShape& shape, const IndexedLine& line) const;
  static void Index(Style& style);

  const ScanKernels& kernels_;
  std::vector<std::unique_ptr<Style>> styles_;  // the one that was used last is the first
  size_t count_ = 0;
  uint64_t clock_ = 0;                       // counts finds
  uint32_t to_pass_ = 0, next_to_pass_ = 0;  // lines that are not learned
};

// The value of a field in `line`: from begin to end, in the text. With StructuralIndex::kEscaped
// set in `end` where a backslash stands in it.
struct ValuePlace {
  uint32_t begin, end;
};
inline ValuePlace PlaceOf(const IndexedLine& line, const RowShape& shape, size_t field,
                          size_t tail) {
  const FieldPlace& place = shape.places[field];
  const uint32_t begin = line.quote(place.begin) + place.begin_add;
  if (place.is_scalar && field + 1 == shape.fields()) {
    return {begin, line.end - static_cast<uint32_t>(tail)};
  }
  return {begin, line.quotes[place.end] - place.end_sub};
}

}  // namespace sluice
