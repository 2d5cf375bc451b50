// SPDX-License-Identifier: Apache-2.0
#include <aws/auth/auth.h>
#include <aws/auth/credentials.h>
#include <aws/common/string.h>
#include <aws/sdkutils/aws_profile.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "sluice/aws/aws_runtime.h"
#include "sluice/aws/credentials.h"
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

struct Release {
  void operator()(aws_string* text) const { aws_string_destroy(text); }
  void operator()(aws_profile_collection* profiles) const {
    aws_profile_collection_release(profiles);
  }
};
template <typename T>
using Held = std::unique_ptr<T, Release>;

// Would the library's own chain take something of the profile, or before it comes to it?
bool IsTakenByTheLibrary() {
  if (std::getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != nullptr) return true;
  aws_allocator* const allocator = CrtAllocator();
  const aws_byte_cursor usual{};
  const Held<aws_string> name(aws_get_profile_name(allocator, &usual));
  const auto read = [&](aws_string* path, aws_profile_source_type source) {
    const Held<aws_string> at(path);
    return Held<aws_profile_collection>(
        at ? aws_profile_collection_new_from_file(allocator, at.get(), source) : nullptr);
  };
  const auto of_config = read(aws_get_config_file_path(allocator, &usual), AWS_PST_CONFIG);
  const auto of_credentials =
      read(aws_get_credentials_file_path(allocator, &usual), AWS_PST_CREDENTIALS);
  for (const aws_profile_collection* const profiles : {of_config.get(), of_credentials.get()}) {
    const aws_profile* const profile =
        profiles && name ? aws_profile_collection_get_profile(profiles, name.get()) : nullptr;
    if (profile == nullptr) continue;
    for (const char* const key : {"aws_access_key_id", "role_arn", "credential_process"}) {
      const Held<aws_string> wanted(aws_string_new_from_c_str(allocator, key));
      if (aws_profile_get_property(profile, wanted.get()) != nullptr) return true;
    }
  }
  return false;
}

// The environment, then single sign-on: the library's own chain passes such profiles by. Null where
// the profile is none of them, or something else too.
aws_credentials_provider* NewSingleSignOn(aws_tls_ctx* tls) {
  if (IsTakenByTheLibrary()) return nullptr;
  const aws_credentials_provider_sso_options sso{.bootstrap = AwsRuntime::Get().bootstrap(),
                                                 .tls_ctx = tls};
  const aws_credentials_provider_environment_options environment{};
  std::array<aws_credentials_provider*, 2> both{
      aws_credentials_provider_new_environment(CrtAllocator(), &environment),
      aws_credentials_provider_new_sso(CrtAllocator(), &sso)};
  aws_credentials_provider* kept = nullptr;
  if (both[1] != nullptr) {
    const aws_credentials_provider_chain_options options{.providers = both.data(),
                                                         .provider_count = both.size()};
    const aws_credentials_provider_cached_options cached{
        .source = aws_credentials_provider_new_chain(CrtAllocator(), &options)};
    kept = aws_credentials_provider_new_cached(CrtAllocator(), &cached);
    aws_credentials_provider_release(cached.source);
  }
  for (aws_credentials_provider* const one : both) aws_credentials_provider_release(one);
  return kept;
}

class DefaultChain final : public CredentialsSource {
 public:
  DefaultChain(aws_tls_ctx* tls, Clock& clock, std::chrono::milliseconds patience)
      : clock_(clock), patience_(patience), provider_(NewSingleSignOn(tls)) {
    if (provider_ != nullptr) {
      what_to_do_ = kSignIn;
      return;
    }
    const aws_credentials_provider_chain_default_options options{
        .bootstrap = AwsRuntime::Get().bootstrap(), .tls_ctx = tls};
    provider_ = aws_credentials_provider_new_chain_default(CrtAllocator(), &options);
  }
  // What it still asks, it asks without us.
  ~DefaultChain() override { aws_credentials_provider_release(provider_); }

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

  bool is_there() const { return provider_ != nullptr; }

 private:
  Result<AwsCredentials> Ask() {
    const auto asking = std::make_shared<Asking>();
    asking->what_to_do = what_to_do_;
    auto its_own = std::make_unique<std::shared_ptr<Asking>>(asking);
    if (aws_credentials_provider_get_credentials(provider_, Asking::OnAnswer, its_own.get()) != 0) {
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
  aws_credentials_provider* provider_;
  std::string_view what_to_do_ = kWhatToSet;
  std::mutex mutex_;
  std::optional<AwsCredentials> last_;
};

}  // namespace

Result<std::unique_ptr<CredentialsSource>> DefaultCredentials(Clock& clock,
                                                              std::chrono::milliseconds patience) {
  SLUICE_ASSIGN(aws_tls_ctx* const tls, AwsRuntime::Get().Tls());
  auto chain = std::make_unique<DefaultChain>(tls, clock, patience);
  if (!chain->is_there()) {
    return Fail(ErrorKind::kPermanent, "no AWS credentials: {}", CrtErrorText(aws_last_error()));
  }
  return chain;
}

}  // namespace sluice
