// SPDX-License-Identifier: Apache-2.0
#include "sluice/transform/revision.h"

#include <fmt/format.h>

#include "sluice/base/hash.h"
#include "sluice/ndjson/event_converter.h"

namespace sluice {

std::string RevisionOf(const TableSet& tables, const ParquetWriterOptions& options) {
  const std::string text = fmt::format(
      "conversion {} writer {}\n{}\ncodec {} page {} row_group {} dictionary {}\n{}",
      kConversionVersion, kParquetWriterVersion, CodecVersions(), Name(options.codec),
      options.page.count, options.row_group.count, options.dictionary.count, CanonicalText(tables));
  return ToHex(Sha256Of(text)).substr(0, 16);
}

}  // namespace sluice
