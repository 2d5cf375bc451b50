// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/hash.h"
#include "sluice/object/object_names.h"

namespace sluice {

QuarantineKey ForeignMessageKeyFor(std::string_view body) {
  return {fmt::format("foreign/{}.json", ToHex(Sha256Of(body)))};
}

}  // namespace sluice
