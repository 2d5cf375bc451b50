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

// Writes all of them, with the folders that they need: each beside its place first, as PATH.part,
// and when all are written there, each to its place, in order; a failure before that changes
// nothing but folders. With kRefuse none is written where one of them, or its .part, stands
// already, and none ever takes another's place: kConflict.
Status WriteNewFiles(std::span<const NewFile> files, Existing existing);

}  // namespace sluice
