// SPDX-License-Identifier: Apache-2.0
// Whatever answers in Secrets Manager's place, a secret is some text of its answer and never empty,
// and a refusal is one that may pass, or one that a person can mend.
#include "sluice/aws/secrets_manager.h"
#include "tests/fuzz/fuzz_target.h"

namespace sluice {

std::vector<std::string> FuzzSeeds() {
  return {R"({"ARN":"a","SecretString":"{\"username\":\"u\",\"password\":\"p\u00e9\"}"})",
          R"({"ARN":"a","Name":"n","SecretBinary":"aGk=","VersionStages":["AWSCURRENT"]})",
          R"({"SecretString":"plain"})"};
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const std::string_view answer = FuzzInput(data, size).Rest();
  for (const std::string_view key : {"", "password"}) {
    const auto secret = SecretIn(answer, key);
    if (secret) {
      SLUICE_CHECK(!secret->text.empty() && secret->text.size() <= answer.size());
    } else {
      SLUICE_CHECK(secret.error().kind() == ErrorKind::kTransient ||
                   secret.error().kind() == ErrorKind::kPermanent);
    }
  }
  return 0;
}
