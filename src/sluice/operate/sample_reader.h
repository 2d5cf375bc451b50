// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "sluice/base/bytes.h"
#include "sluice/base/io.h"
#include "sluice/base/result.h"
#include "sluice/operate/sample_lines.h"

namespace sluice {

// Of one file.
struct SampleLimits {
  size_t events = 100'000;
  Bytes bytes = MiB(64);  // decompressed: so much is held in memory, twice
};

// What ended it: the file, or a limit.
enum class SampleEnd { kWhole, kEvents, kBytes };

// Appends the events of `stored`, compressed or not, to `lines`, one a line, as landing would make
// them of a message: NDJSON, one {"Records":[…]} a line, and pretty-printed JSON all come out as
// events. An event that is cut by the limit of bytes is left out.
Result<SampleEnd> ReadSample(ByteSource& stored, const SampleLimits& limits, SampleLines& lines);

}  // namespace sluice
