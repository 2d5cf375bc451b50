// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice {

// Something that is true of some events: that they have a key, or that a key has a value.
struct ShapeFact {
  size_t key = 0;                    // which one; any numbering
  std::optional<std::string> value;  // of the key; none: the key is there
  bool can_route = true;             // a rule may ask for it
  int rank = 0;                      // of equally good ones a rule asks for the lowest
};

// Events of which the same facts are true.
struct ShapeKind {
  std::vector<size_t> facts;  // ascending
  uint64_t events = 0;
};

// The shapes that the events of a sample have, as rules of which the first that matches wins: the
// facts that must all be true, none in the last rule where nothing tells its events apart. 1%
// of the events that the last rule is for may not match it, and so match none. Never empty.
//
// A fact parts two shapes where at least two keys belong to the events with it alone, and each of
// the others has at least two keys that those lack ("belong": 95% have it, and 1% of the others;
// "lack": 99% do; "each": 95%). Where the fact is a value of a key that all events have, two keys
// that belong to either side are enough. The parts are looked at again. So a key that some events
// lack makes no shape, and few events out of order (0.5%) no table. At most 16 shapes. A pure
// function; equal choices are decided by the order of `facts`.
std::vector<std::vector<size_t>> FindShapes(std::span<const ShapeFact> facts,
                                            std::span<const ShapeKind> kinds);

}  // namespace sluice
