// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/places.h"

#include <algorithm>
#include <charconv>

#include "sluice/base/check.h"
#include "sluice/base/utf8.h"

namespace sluice {
namespace {

// The number and the ':' at the front of `text`, taken off.
int64_t TakeNumber(std::string_view& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  SLUICE_CHECK(error == std::errc());
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  SLUICE_CHECK(text.starts_with(':'));
  text.remove_prefix(1);
  return number;
}

}  // namespace

void CheckPlaces(std::string_view message, std::string_view file, std::string_view text) {
  SLUICE_CHECK(IsUtf8(message));
  const int64_t lines = 1 + std::ranges::count(text, '\n') + std::ranges::count(text, '\r');
  while (!message.empty()) {
    std::string_view line = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(line.size() + 1, message.size()));
    SLUICE_CHECK(line.starts_with(file));
    line.remove_prefix(file.size());
    SLUICE_CHECK(line.starts_with(':'));
    line.remove_prefix(1);
    const int64_t number = TakeNumber(line), column = TakeNumber(line);
    SLUICE_CHECK(number >= 1 && number <= lines);
    // Yaml-cpp points behind an escape that the end cuts short, of which \U reads most.
    SLUICE_CHECK(column >= 1 && column <= static_cast<int64_t>(text.size()) + 10);
    SLUICE_CHECK(line.size() > 1 && line.starts_with(' ') && WithoutControls(line) == line);
  }
}

}  // namespace sluice
