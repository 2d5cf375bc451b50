// SPDX-License-Identifier: Apache-2.0
#include "sluice/schema/row_batch.h"

namespace sluice {

void ColumnBatch::Clear() {
  present.clear();
  ints.clear();
  wide_ints.clear();
  doubles.clear();
  texts.clear();
}

void RowBatch::Clear() {
  rows = 0;
  for (ColumnBatch& column : columns) column.Clear();
  lines.clear();
}

}  // namespace sluice
