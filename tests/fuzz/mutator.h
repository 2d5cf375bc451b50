// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sluice/generate/random.h"

namespace sluice {

// Makes inputs out of seeds: the same ones for the same number, on every machine. Blind, unlike
// libFuzzer, so its inputs stay close to the seeds.
class Mutator {
 public:
  static constexpr size_t kLongest = size_t{1} << 16;

  // `seeds` is not empty.
  Mutator(uint64_t number, const std::vector<std::string>& seeds)
      : random_(number), seeds_(seeds) {}

  std::string Next();

 private:
  void Mutate(std::string& text);
  void ChangeByte(std::string& text);
  void ChangeWord(std::string& text);
  void Erase(std::string& text);
  void Repeat(std::string& text);
  void Insert(std::string& text);
  void Splice(std::string& text);
  size_t Place(const std::string& text) { return random_.Below(text.size() + 1); }

  Random random_;
  const std::vector<std::string>& seeds_;
};

}  // namespace sluice
