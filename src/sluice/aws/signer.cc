// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/signer.h"

#include <aws/auth/credentials.h>
#include <aws/auth/signable.h>
#include <aws/auth/signing.h>
#include <aws/auth/signing_config.h>
#include <aws/auth/signing_result.h>
#include <aws/http/request_response.h>

#include <memory>

#include "sluice/aws/aws_runtime.h"
#include "sluice/aws/crt_text.h"
#include "sluice/base/check.h"

namespace sluice {
namespace {

struct Releases {
  void operator()(aws_credentials* held) const { aws_credentials_release(held); }
  void operator()(aws_signable* held) const { aws_signable_destroy(held); }
};

// The message once it is signed, which it is before aws_sign_request_aws returns, because nobody
// has to be asked for the credentials.
struct Signing {
  aws_http_message* message;
  bool is_done = false;
  int error = 0;

  static void OnSigned(aws_signing_result* result, int error, void* self) {
    auto& signing = *static_cast<Signing*>(self);
    signing.is_done = true;
    signing.error = error;
    if (error != 0) return;
    if (aws_apply_signing_result_to_http_request(signing.message, CrtAllocator(), result) != 0) {
      signing.error = aws_last_error();
    }
  }
};

}  // namespace

Status Sign(CrtMessage& message, const SigningScope& scope, const AwsCredentials& credentials,
            Timestamp now) {
  AwsRuntime::Get();  // has started the library
  const std::unique_ptr<aws_credentials, Releases> keys(aws_credentials_new(
      CrtAllocator(), ToCursor(credentials.access_key_id), ToCursor(credentials.secret_access_key),
      ToCursor(credentials.session_token), UINT64_MAX));
  if (!keys) return Fail(ErrorKind::kPermanent, "AWS credentials without a key");
  const std::unique_ptr<aws_signable, Releases> signable(
      aws_signable_new_http_request(CrtAllocator(), message.message.get()));
  SLUICE_CHECK(signable != nullptr);

  aws_signing_config_aws config{};
  config.config_type = AWS_SIGNING_CONFIG_AWS;
  config.algorithm = AWS_SIGNING_ALGORITHM_V4;
  config.signature_type = AWS_ST_HTTP_REQUEST_HEADERS;
  config.region = ToCursor(scope.region);
  config.service = ToCursor(scope.service);
  config.flags.use_double_uri_encode = !scope.is_s3;
  config.flags.should_normalize_uri_path = !scope.is_s3;
  config.signed_body_header = scope.is_s3 ? AWS_SBHT_X_AMZ_CONTENT_SHA256 : AWS_SBHT_NONE;
  config.credentials = keys.get();
  aws_date_time_init_epoch_millis(
      &config.date,
      static_cast<uint64_t>(
          std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count()));

  Signing signing{.message = message.message.get()};
  if (aws_sign_request_aws(CrtAllocator(), signable.get(),
                           reinterpret_cast<const aws_signing_config_base*>(&config),
                           Signing::OnSigned, &signing) != 0) {
    signing.error = aws_last_error();
    signing.is_done = true;
  }
  SLUICE_CHECK(signing.is_done);
  if (signing.error == 0) return {};
  return Fail(ErrorKind::kPermanent, "cannot sign a request: {}", CrtErrorText(signing.error));
}

}  // namespace sluice
