// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "sluice/base/result.h"

namespace sluice {

// A file that a command makes for a person.
struct NewFile {
  std::string path, text;
};

enum class Existing { kRefuse, kReplace };

// Writes all of them, in order, with the folders that they need. With kRefuse none is written where
// one of them stands already, and none ever takes another's place: kConflict.
Status WriteNewFiles(std::span<const NewFile> files, Existing existing);

}  // namespace sluice
