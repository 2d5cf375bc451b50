// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

struct SplitCounts {
  uint64_t lines = 0;      // at least 1 for a message
  uint64_t enveloped = 0;  // of the lines: those in a sluice_raw envelope
};

// Appends the events of one message to `lines`, each with a '\n' behind it; returns how many.
//
// A body is a sequence of JSON objects and arrays, with or without white space between them:
//   {…}                one event
//   {"Records":[…]}    each element is an event, if "Records" is the only key. With other keys
//   beside
//                      it, or with a value that is no array, the object is one event
//   […]                each element is an event
//   {…}⏎{…}⏎           NDJSON: as above for each value
// An element need not be an object: it is a line of its own all the same, and transform quarantines
// it. A container without elements stays as it came, so that no message vanishes.
//
// It may also be gzip or zstd of such a sequence, or base64 of that (DecodedBody); what is in it is
// then what is meant here, but for "the whole body", which is as it came.
//
// Only brackets and strings are looked at, never what is between them, so that a fault in one event
// is a fault of its own line (invariant 6). Events stay byte for byte as they came, but for this:
// CR and LF outside strings become spaces, white space around an event goes, and so does a byte
// order mark at the start of the body (RFC 8259 §8.1).
//
// What cannot be a line as it is becomes {"sluice_raw":{"id":MESSAGE,"base64":BYTES}} (fault L15):
// the whole body if its brackets or strings do not close or if it is neither object nor array; an
// event with a raw CR or LF inside a string; and an event that has a key "sluice_raw" itself,
// however spelt, so that every envelope in the raw store was made here.
//
// A body that does not match as a whole, or only with line ends inside strings or objects without a
// comma between their lines, is NDJSON with broken lines if at least half of its lines are objects:
// then each line is taken by itself, and the broken ones are enveloped alone.
//
// Fuzzed. Time is linear in the body and what it decodes to, and nothing is recursive. A body has
// at most Queue::kMaxMessageBytes or what a stream's record has, and decodes to kMostDecoded.
// `lines` grows by at most about 50 times that (a line of two bytes that is enveloped), but not
// beyond 128 MiB: then the whole body is one envelope. If nothing is enveloped it grows by half at
// most.
SplitCounts SplitMessage(std::string_view id, std::string_view body, std::string& lines);

}  // namespace sluice
