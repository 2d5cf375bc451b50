// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/mutator.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace sluice {
namespace {

using std::literals::operator""sv;

// What parsers of text stumble over.
constexpr std::string_view kTellingBytes =
    "\0\n\r\t \"'\\{}[](),:;.-+0eE%/#&*!|>@$?~<=\x7F\x80\xBF\xC0\xED\xF4\xFF"sv;
// What parsers of lengths and offsets stumble over.
constexpr uint32_t kTellingWords[] = {
    0,       1,        0x7F,       0x80,    0xFF,    0x100,   0x7FFF,     0x8000,     0xFFFF,
    0x10000, 0xFFFFFF, 0x7FFFFFFF, 1 << 20, 1 << 27, 1 << 30, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF};

}  // namespace

std::string Mutator::Next() {
  std::string text = random_.Pick(seeds_);
  for (uint64_t left = 1 + random_.Below(6); left > 0; --left) Mutate(text);
  if (text.size() > kLongest) text.resize(kLongest);
  return text;
}

void Mutator::Mutate(std::string& text) {
  switch (random_.Below(8)) {
    case 0:
    case 1:
    case 2:
      return ChangeByte(text);
    case 3:
      return ChangeWord(text);
    case 4:
      return Erase(text);
    case 5:
      return Repeat(text);
    case 6:
      return Insert(text);
    default:
      return Splice(text);
  }
}

void Mutator::ChangeByte(std::string& text) {
  if (text.empty()) return;
  char& byte = text[random_.Below(text.size())];
  switch (random_.Below(3)) {
    case 0:
      byte = static_cast<char>(byte ^ (1 << random_.Below(8)));
      break;
    case 1:
      byte = random_.Pick(kTellingBytes);
      break;
    default:
      byte = static_cast<char>(random_.Below(256));
  }
}

void Mutator::ChangeWord(std::string& text) {
  const uint32_t word = random_.Pick(kTellingWords);
  const size_t size = random_.Below(2) == 0 ? 4 : 2;
  if (text.size() >= size) {
    std::memcpy(text.data() + random_.Below(text.size() - size + 1), &word, size);
  }
}

void Mutator::Erase(std::string& text) {
  const size_t at = Place(text);
  const size_t most = random_.Below(4) == 0 ? text.size() - at : 8;
  text.erase(at, random_.Below(most + 1));
}

void Mutator::Repeat(std::string& text) {
  const size_t at = Place(text);
  const std::string piece = text.substr(at, 1 + random_.Below(16));
  for (uint64_t left = 1 + random_.Below(random_.Below(8) == 0 ? 300 : 3); left > 0; --left) {
    text.insert(at, piece);
  }
}

void Mutator::Insert(std::string& text) {
  const size_t at = Place(text);
  for (uint64_t left = 1 + random_.Below(4); left > 0; --left) {
    text.insert(at, 1, random_.Pick(kTellingBytes));
  }
}

// A piece of another seed, or of the same one, anywhere in this.
void Mutator::Splice(std::string& text) {
  const std::string& other = random_.Pick(seeds_);
  const size_t from = random_.Below(other.size() + 1);
  const std::string piece = other.substr(from, random_.Below(64));
  const size_t at = Place(text);
  text.replace(at, random_.Below(2) == 0 ? 0 : piece.size(), piece);
}

}  // namespace sluice
