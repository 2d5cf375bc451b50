// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice {

__extension__ typedef unsigned __int128 UInt128;

}  // namespace sluice
