// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <map>
#include <ostream>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice {

// Variables of the process environment, or what a test puts in their place.
using Environment = std::map<std::string, std::string, std::less<>>;

// A text that must not be seen (fault S5): printed in any way it is "***".
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  // The only way to the text. What it returns goes to the service that asks for it, nowhere else.
  const std::string& Reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

 private:
  std::string text_;
};

// Finds the secrets that a configuration refers to and this machine has. Thread-safe.
class SecretSource {
 public:
  virtual ~SecretSource() = default;

  // `reference` says where the secret is: "env:NAME" or "file:PATH". What Secrets Manager keeps is
  // no secret of this machine (kept_secret.h). Errors name the reference only where it has one of
  // these forms: otherwise it may be the secret itself.
  virtual Result<Secret> Resolve(std::string_view reference) const = 0;
};

// "env:" from `environment`; "file:" from the disk, at most 64 KiB, without the line end at its
// end. A secret that is missing or empty is an error.
class LocalSecretSource : public SecretSource {
 public:
  explicit LocalSecretSource(Environment environment) : environment_(std::move(environment)) {}
  Result<Secret> Resolve(std::string_view reference) const override;

 private:
  const Environment environment_;
};

}  // namespace sluice

template <>
struct fmt::formatter<sluice::Secret> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const sluice::Secret&, Context& context) const {
    return fmt::formatter<std::string_view>::format("***", context);
  }
};
