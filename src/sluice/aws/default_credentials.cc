// SPDX-License-Identifier: Apache-2.0
#include <aws/auth/auth.h>
#include <aws/auth/credentials.h>

#include "sluice/aws/aws_runtime.h"
#include "sluice/aws/credentials.h"
#include "sluice/aws/crt_text.h"
#include "sluice/aws/said_once.h"

namespace sluice {
namespace {

// One asking; the answer comes on another thread.
struct Asking {
  Result<AwsCredentials> answer = AwsCredentials();
  SaidOnce done;

  static void OnAnswer(aws_credentials* found, int error, void* self) {
    auto& asking = *static_cast<Asking*>(self);
    if (found == nullptr) {
      asking.answer =
          Fail(ErrorKind::kPermanent,
               "no AWS credentials: {}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or "
               "AWS_PROFILE, or run with a role",
               CrtErrorText(error));
    } else {
      const uint64_t expires = aws_credentials_get_expiration_timepoint_seconds(found);
      asking.answer = AwsCredentials{
          .access_key_id = std::string(FromCursor(aws_credentials_get_access_key_id(found))),
          .secret_access_key =
              std::string(FromCursor(aws_credentials_get_secret_access_key(found))),
          .session_token = std::string(FromCursor(aws_credentials_get_session_token(found)))};
      if (expires != UINT64_MAX) {
        asking.answer->expires = Timestamp(std::chrono::seconds(expires));
      }
    }
    asking.done.Say();
  }
};

class DefaultChain final : public CredentialsSource {
 public:
  explicit DefaultChain(aws_tls_ctx* tls) {
    const aws_credentials_provider_chain_default_options options{
        .shutdown_options = {.shutdown_callback =
                                 [](void* self) { static_cast<DefaultChain*>(self)->ended_.Say(); },
                             .shutdown_user_data = this},
        .bootstrap = AwsRuntime::Get().bootstrap(),
        .tls_ctx = tls};
    provider_ = aws_credentials_provider_new_chain_default(CrtAllocator(), &options);
  }
  ~DefaultChain() override {
    if (provider_ == nullptr) return;
    aws_credentials_provider_release(provider_);
    ended_.Wait();
  }

  Result<AwsCredentials> Get() override {
    Asking asking;
    if (aws_credentials_provider_get_credentials(provider_, Asking::OnAnswer, &asking) != 0) {
      return Fail(ErrorKind::kPermanent, "cannot ask for AWS credentials: {}",
                  CrtErrorText(aws_last_error()));
    }
    asking.done.Wait();
    return asking.answer;
  }

  bool is_there() const { return provider_ != nullptr; }

 private:
  aws_credentials_provider* provider_ = nullptr;
  SaidOnce ended_;
};

}  // namespace

Result<std::unique_ptr<CredentialsSource>> DefaultCredentials() {
  SLUICE_ASSIGN(aws_tls_ctx* const tls, AwsRuntime::Get().Tls());
  auto chain = std::make_unique<DefaultChain>(tls);
  if (!chain->is_there()) {
    return Fail(ErrorKind::kPermanent, "no AWS credentials: {}", CrtErrorText(aws_last_error()));
  }
  return chain;
}

}  // namespace sluice
