// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/scan_kernels.h"

#include <cstdlib>
#include <string>

#include "sluice/base/check.h"
#include "sluice/ndjson/scan_kernels_of.h"

namespace sluice {

std::string_view Name(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return "scalar";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kNeon:
      return "neon";
  }
  return "?";
}

std::vector<Isa> SupportedIsas() {
  std::vector<Isa> isas;
#ifdef __x86_64__
  __builtin_cpu_init();
  const bool has_bmi = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                       __builtin_cpu_supports("popcnt");
  if (has_bmi && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vbmi2")) {
    isas.push_back(Isa::kAvx512);
  }
  if (has_bmi && __builtin_cpu_supports("avx2")) isas.push_back(Isa::kAvx2);
#endif
#ifdef __aarch64__
  isas.push_back(Isa::kNeon);  // a part of the architecture
#endif
  isas.push_back(Isa::kScalar);
  return isas;
}

Result<Isa> IsaNamed(std::string_view name) {
  const std::vector<Isa> isas = SupportedIsas();
  if (name.empty()) return isas.front();
  std::string known;
  for (const Isa isa : isas) {
    if (name == Name(isa)) return isa;
    known += known.empty() ? "" : ", ";
    known += Name(isa);
  }
  return Fail(ErrorKind::kPermanent,
              "no such instruction set on this machine: SLUICE_ISA={}: it "
              "has {}",
              name, known);
}

std::string WantedIsa() {
  const char* const wanted = std::getenv("SLUICE_ISA");
  return wanted == nullptr ? "" : wanted;
}

Result<Isa> ChosenIsa() {
  return IsaNamed(WantedIsa());
}

bool IsWorthwhile(Isa isa, std::string_view wanted) {
  return isa != Isa::kScalar || !wanted.empty();
}

const ScanKernels& KernelsFor(Isa isa) {
  switch (isa) {
#ifdef __x86_64__
    case Isa::kAvx2:
      return kAvx2Kernels;
    case Isa::kAvx512:
      return kAvx512Kernels;
#endif
#ifdef __aarch64__
    case Isa::kNeon:
      return kNeonKernels;
#endif
    default:
      SLUICE_CHECK(isa == Isa::kScalar);
      return kScalarKernels;
  }
}

}  // namespace sluice
