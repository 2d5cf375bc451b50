// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sluice/ndjson/scan_kernels.h"

namespace sluice {

// The kernels of each instruction set; to be called only where SupportedIsas() has it.
extern const ScanKernels kScalarKernels;
#ifdef __x86_64__
extern const ScanKernels kAvx2Kernels;
extern const ScanKernels kAvx512Kernels;
#endif
#ifdef __aarch64__
extern const ScanKernels kNeonKernels;
#endif

// ScanKernels::hold by the bytes: what is used where a literal is longer than Literal::kHead.
bool HoldsAt(const IndexedLine& line, const Literal& literal, FieldPlace field);

}  // namespace sluice
