// SPDX-License-Identifier: Apache-2.0
#include <aws/auth/credentials.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "sluice/aws/aws_runtime.h"
#include "sluice/aws/credentials.h"
#include "sluice/aws/credentials_chain.h"
#include "sluice/aws/crt_text.h"
#include "sluice/aws/said_once.h"

namespace sluice {
namespace {

constexpr std::string_view kWhatToSet =
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or run with a role; the last "
    "place that was asked";
constexpr std::string_view kSignIn = "the profile's single sign-on (aws sso login)";

// One asking; the answer comes on another thread, late or never.
struct Asking {
  std::string_view what_to_do;
  Result<AwsCredentials> answer = AwsCredentials();
  SaidOnce done;

  // `self` is a shared_ptr of its own.
  static void OnAnswer(aws_credentials* found, int error, void* self) {
    const std::unique_ptr<std::shared_ptr<Asking>> mine(
        static_cast<std::shared_ptr<Asking>*>(self));
    Asking& asking = **mine;
    if (found == nullptr) {
      asking.answer = Fail(ErrorKind::kPermanent, "no AWS credentials: {} says: {}",
                           asking.what_to_do, CrtErrorText(error));
    } else {
      asking.answer = CredentialsOf(*found);
    }
    asking.done.Say();
  }

  static AwsCredentials CredentialsOf(const aws_credentials& found) {
    AwsCredentials credentials{
        .access_key_id = std::string(FromCursor(aws_credentials_get_access_key_id(&found))),
        .secret_access_key = std::string(FromCursor(aws_credentials_get_secret_access_key(&found))),
        .session_token = std::string(FromCursor(aws_credentials_get_session_token(&found)))};
    const uint64_t expires = aws_credentials_get_expiration_timepoint_seconds(&found);
    if (expires != UINT64_MAX) credentials.expires = Timestamp(std::chrono::seconds(expires));
    return credentials;
  }
};

class DefaultChain final : public CredentialsSource {
 public:
  DefaultChain(CredentialsChain chain, Clock& clock, std::chrono::milliseconds patience)
      : clock_(clock),
        patience_(patience),
        provider_(std::move(chain.provider)),
        what_to_do_(chain.is_of_single_sign_on ? kSignIn : kWhatToSet) {}

  Result<AwsCredentials> Get() override {
    Result<AwsCredentials> answer = Ask();
    const std::lock_guard lock(mutex_);
    if (answer) {
      last_ = *answer;
      return answer;
    }
    if (!last_) return answer;
    if (clock_.Now() < last_->expires) return *last_;
    return std::unexpected(Error(ErrorKind::kTransient, answer.error().message()));
  }

 private:
  Result<AwsCredentials> Ask() {
    const auto asking = std::make_shared<Asking>();
    asking->what_to_do = what_to_do_;
    auto its_own = std::make_unique<std::shared_ptr<Asking>>(asking);
    if (aws_credentials_provider_get_credentials(provider_.get(), Asking::OnAnswer,
                                                 its_own.get()) != 0) {
      return Fail(ErrorKind::kPermanent, "cannot ask for AWS credentials: {}",
                  CrtErrorText(aws_last_error()));
    }
    its_own.release();  // OnAnswer's
    if (asking->done.WaitUntil(std::chrono::steady_clock::now() + patience_)) return asking->answer;
    return Fail(ErrorKind::kTransient, "no AWS credentials within {} ms: who gives them is silent",
                patience_.count());
  }

  Clock& clock_;
  const std::chrono::milliseconds patience_;
  const CredentialsProvider provider_;  // what it still asks at the end, it asks without us
  const std::string_view what_to_do_;
  std::mutex mutex_;
  std::optional<AwsCredentials> last_;
};

}  // namespace

Result<std::unique_ptr<CredentialsSource>> DefaultCredentials(Clock& clock,
                                                              std::chrono::milliseconds patience) {
  SLUICE_ASSIGN(aws_tls_ctx* const tls, AwsRuntime::Get().Tls());
  CredentialsChain chain = CredentialsChain::Make(tls);
  if (chain.provider == nullptr) {
    return Fail(ErrorKind::kPermanent, "no AWS credentials: {}", CrtErrorText(aws_last_error()));
  }
  return std::make_unique<DefaultChain>(std::move(chain), clock, patience);
}

}  // namespace sluice
