// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sluice/aws/http_client.h"
#include "sluice/base/result.h"
#include "sluice/config/secret.h"

namespace sluice {

// An address that takes JSON, one request for each text. The address is a secret: no error names
// any part of it. One thread at a time.
class Webhook {
 public:
  // "https://hooks.example/services/T0/B1?key=2"; a fragment is left out. kPermanent where it is
  // none.
  static Result<Webhook> At(const Secret& url);

  // Ten seconds at most. Any status from 200 to 299 is an answer; redirects are not followed.
  // kTransient, kOutcomeUnknown: nobody may have got it.
  Status Post(std::string_view json);

 private:
  Webhook(std::unique_ptr<HttpClient> http, std::string target)
      : http_(std::move(http)), target_(std::move(target)) {}

  std::unique_ptr<HttpClient> http_;
  std::string target_;
};

}  // namespace sluice
