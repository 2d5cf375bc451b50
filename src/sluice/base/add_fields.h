// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

namespace sluice {

// Adds each of `more` to its counterpart in `sum`. For reports that are added up: each has one
// function that takes it apart by a structured binding, which must name every field to compile, so
// that a new field cannot be forgotten, and ties those that add up:
//
//   auto Sums(auto& report) {
//     auto& [objects, bytes, last_key] = report;
//     return std::tie(objects, bytes);
//   }
//   AddFields(Sums(report), Sums(other));
template <typename... Sums, typename... Fields>
void AddFields(std::tuple<Sums&...> sum, std::tuple<Fields&...> more) {
  static_assert(sizeof...(Sums) == sizeof...(Fields));
  [&]<size_t... I>(std::index_sequence<I...>) {
    ((std::get<I>(sum) += std::get<I>(more)), ...);
  }(std::index_sequence_for<Sums...>());
}

}  // namespace sluice
