// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sluice/aws/http.h"
#include "sluice/base/result.h"
#include "sluice/config/secret.h"

namespace sluice {

// An address that takes JSON, one request for each text, each over a connection of its own: a
// server that ends connections after an answer (HTTP/1.0) never ends one that the next request is
// sent on, of which nobody would know whether it came. The address is a secret: no error names any
// part of it.
class Webhook {
 public:
  // "https://hooks.example/services/T0/B1?key=2"; a fragment is left out. kPermanent where it is
  // none.
  static Result<Webhook> At(const Secret& url);

  // Ten seconds at most. Any status from 200 to 299 is an answer; redirects are not followed.
  // kTransient, kOutcomeUnknown: nobody may have got it.
  Status Post(std::string_view json) const;

 private:
  Webhook(HttpEndpoint endpoint, std::string target)
      : endpoint_(std::move(endpoint)), target_(std::move(target)) {}

  HttpEndpoint endpoint_;
  std::string target_;
};

}  // namespace sluice
