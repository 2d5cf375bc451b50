// SPDX-License-Identifier: Apache-2.0
#include "sluice/base/result.h"

namespace sluice {

std::string_view Name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kTransient:
      return "transient";
    case ErrorKind::kPermanent:
      return "permanent";
    case ErrorKind::kOutcomeUnknown:
      return "outcome unknown";
    case ErrorKind::kNotFound:
      return "not found";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kBadData:
      return "bad data";
  }
  return "?";
}

}  // namespace sluice
