// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/secret.h"

#include "sluice/base/io.h"

namespace sluice {

Result<Secret> LocalSecretSource::Resolve(std::string_view reference) const {
  std::string text;
  if (reference.starts_with("env:")) {
    const auto variable = environment_.find(reference.substr(4));
    if (variable == environment_.end()) {
      return Fail(ErrorKind::kPermanent,
                  "cannot read secret: the environment variable is not set: {}", reference);
    }
    text = variable->second;
  } else if (reference.starts_with("file:")) {
    SLUICE_ASSIGN(text, ReadFile(std::string(reference.substr(5)), KiB(64)));
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
  } else if (reference.starts_with("secretsmanager:")) {
    return Fail(ErrorKind::kPermanent,
                "cannot read secret: this one is not fetched from Secrets Manager; wanted env:NAME "
                "or file:PATH");
  } else {
    return Fail(ErrorKind::kPermanent,
                "a secret does not stand here itself; wanted env:NAME, file:PATH or "
                "secretsmanager:NAME");
  }
  if (text.empty()) {
    return Fail(ErrorKind::kPermanent, "cannot read secret: it is empty: {}", reference);
  }
  return Secret(std::move(text));
}

}  // namespace sluice
