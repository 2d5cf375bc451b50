// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "sluice/base/bytes.h"
#include "sluice/base/io.h"
#include "sluice/base/result.h"
#include "sluice/operate/sample_lines.h"

namespace sluice {

struct SampleLimits {
  size_t events = 100'000;  // of all files
  Bytes bytes = MiB(64);    // of each file, decompressed: so much is held in memory, twice
};

// Appends the events of `stored`, compressed or not, to `lines`, one a line, as landing would make
// them of a message: NDJSON, one {"Records":[…]} a line, and pretty-printed JSON all come out as
// events. False where a limit ended it before the end.
Result<bool> ReadSample(ByteSource& stored, const SampleLimits& limits, SampleLines& lines);

}  // namespace sluice
