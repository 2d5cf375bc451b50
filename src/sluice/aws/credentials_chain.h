// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

struct aws_credentials_provider;
struct aws_tls_ctx;

namespace sluice {

struct ReleaseProvider {
  void operator()(aws_credentials_provider* provider) const;
};
using CredentialsProvider = std::unique_ptr<aws_credentials_provider, ReleaseProvider>;

// Who is asked for credentials, in which order, and how long what they gave is kept.
struct CredentialsChain {
  CredentialsProvider provider;       // null where the runtime makes none; it has the error
  bool is_of_single_sign_on = false;  // the environment, and else the profile's single sign-on

  // The order, the conditions and the keeping are those of the library's own chain
  // (aws_credentials_provider_new_chain_default), which takes no other options to its members: it
  // passes by a profile of single sign-on (docs/adr/0059), and asks version 1 of the instance
  // metadata service where version 2 is refused (docs/adr/0061).
  static CredentialsChain Make(aws_tls_ctx* tls);
};

}  // namespace sluice
