// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/credentials_chain.h"

#include <aws/auth/credentials.h>
#include <aws/common/byte_buf.h>
#include <aws/common/string.h>
#include <aws/sdkutils/aws_profile.h>

#include <chrono>
#include <cstdlib>
#include <utility>
#include <vector>

#include "sluice/aws/aws_runtime.h"
#include "sluice/aws/crt_text.h"

namespace sluice {
namespace {

struct Release {
  void operator()(aws_string* text) const { aws_string_destroy(text); }
  void operator()(aws_profile_collection* profiles) const {
    aws_profile_collection_release(profiles);
  }
};
template <typename T>
using Held = std::unique_ptr<T, Release>;

// Those that are there: null is one whose configuration is not.
class Members {
 public:
  void Add(CredentialsProvider member) {
    if (member != nullptr) members_.push_back(std::move(member));
  }

  // The first that gives any, asked again after `refresh`, or if it is 0 when they expire.
  CredentialsProvider Kept(std::chrono::milliseconds refresh) const {
    std::vector<aws_credentials_provider*> all;
    for (const CredentialsProvider& member : members_) all.push_back(member.get());
    const aws_credentials_provider_chain_options options{.providers = all.data(),
                                                         .provider_count = all.size()};
    const CredentialsProvider chain(aws_credentials_provider_new_chain(CrtAllocator(), &options));
    const aws_credentials_provider_cached_options cached{
        .source = chain.get(),
        .refresh_time_in_milliseconds = static_cast<uint64_t>(refresh.count())};
    return CredentialsProvider(chain ? aws_credentials_provider_new_cached(CrtAllocator(), &cached)
                                     : nullptr);
  }

 private:
  std::vector<CredentialsProvider> members_;
};

// Has the profile what comes before single sign-on, or is there a web identity token?
bool HasMoreThanSingleSignOn() {
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

CredentialsProvider Environment() {
  const aws_credentials_provider_environment_options options{};
  return CredentialsProvider(aws_credentials_provider_new_environment(CrtAllocator(), &options));
}

// Null where the profile is none of it, or something else too.
CredentialsProvider SingleSignOn(aws_tls_ctx* tls) {
  if (HasMoreThanSingleSignOn()) return nullptr;
  const aws_credentials_provider_sso_options options{.bootstrap = AwsRuntime::Get().bootstrap(),
                                                     .tls_ctx = tls};
  return CredentialsProvider(aws_credentials_provider_new_sso(CrtAllocator(), &options));
}

CredentialsProvider Profile(aws_tls_ctx* tls) {
  const aws_credentials_provider_profile_options options{.bootstrap = AwsRuntime::Get().bootstrap(),
                                                         .tls_ctx = tls};
  return CredentialsProvider(aws_credentials_provider_new_profile(CrtAllocator(), &options));
}

CredentialsProvider WebIdentity(aws_tls_ctx* tls) {
  const aws_credentials_provider_sts_web_identity_options options{
      .bootstrap = AwsRuntime::Get().bootstrap(), .tls_ctx = tls};
  return CredentialsProvider(
      aws_credentials_provider_new_sts_web_identity(CrtAllocator(), &options));
}

CredentialsProvider Container(aws_tls_ctx* tls) {
  const aws_credentials_provider_ecs_environment_options options{
      .bootstrap = AwsRuntime::Get().bootstrap(), .tls_ctx = tls};
  return CredentialsProvider(
      aws_credentials_provider_new_ecs_from_environment(CrtAllocator(), &options));
}

// Version 2 only: whoever makes a process ask an address of his choice gets credentials of version
// 1 for it.
CredentialsProvider InstanceMetadata() {
  const char* const disabled = std::getenv("AWS_EC2_METADATA_DISABLED");
  if (disabled != nullptr) {
    const aws_byte_cursor value = ToCursor(disabled);
    if (!aws_byte_cursor_eq_c_str_ignore_case(&value, "false")) return nullptr;
  }
  const aws_credentials_provider_imds_options options{.bootstrap = AwsRuntime::Get().bootstrap(),
                                                      .imds_version = IMDS_PROTOCOL_V2,
                                                      .ec2_metadata_v1_disabled = true};
  return CredentialsProvider(aws_credentials_provider_new_imds(CrtAllocator(), &options));
}

}  // namespace

void ReleaseProvider::operator()(aws_credentials_provider* provider) const {
  aws_credentials_provider_release(provider);
}

CredentialsChain CredentialsChain::Make(aws_tls_ctx* tls) {
  Members members;
  members.Add(Environment());
  if (CredentialsProvider sign_on = SingleSignOn(tls)) {
    members.Add(std::move(sign_on));
    return {.provider = members.Kept(std::chrono::milliseconds(0)), .is_of_single_sign_on = true};
  }
  members.Add(Profile(tls));
  members.Add(WebIdentity(tls));
  CredentialsProvider container = Container(tls);
  members.Add(container ? std::move(container) : InstanceMetadata());
  return {.provider = members.Kept(std::chrono::minutes(15))};
}

}  // namespace sluice
