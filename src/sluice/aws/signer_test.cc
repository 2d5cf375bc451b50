// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/signer.h"

#include <aws/http/request_response.h>
#include <gtest/gtest.h>

#include "sluice/aws/aws_runtime.h"
#include "sluice/aws/crt_text.h"

namespace sluice {
namespace {

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

std::string ValueOf(const std::vector<HttpHeader>& headers, std::string_view name) {
  for (const HttpHeader& header : headers) {
    if (header.name == name) return header.value;
  }
  return "none";
}

// The headers of `request` once it is signed.
Result<std::vector<HttpHeader>> Signed(const HttpRequest& request, std::string_view authority,
                                       const SigningScope& scope, const AwsCredentials& credentials,
                                       Timestamp now) {
  SLUICE_ASSIGN(CrtMessage made, MakeCrtMessage(request, authority));
  SLUICE_TRY(Sign(made, scope, credentials, now));
  std::vector<HttpHeader> headers;
  for (size_t i = 0; i < aws_http_message_get_header_count(made.message.get()); ++i) {
    aws_http_header header;
    aws_http_message_get_header(made.message.get(), &header, i);
    headers.push_back({.name = std::string(FromCursor(header.name)),
                       .value = std::string(FromCursor(header.value))});
  }
  return headers;
}

// The examples of "Authenticating Requests: Using the Authorization Header" in Amazon S3's API
// reference: a GET with a range, a PUT, two queries.
TEST(SignerTest, SignsAsAmazonS3sReferenceDoes) {
  const auto sign = [](const HttpRequest& request) {
    return Signed(
               request, "examplebucket.s3.amazonaws.com",
               {.service = "s3", .region = "us-east-1", .is_s3 = true},
               {.access_key_id = "AKIAIOSFODNN7EXAMPLE", .secret_access_key = std::string(kSecret)},
               Timestamp(std::chrono::seconds(1'369'353'600)))
        .value();
  };
  const auto expect = [](const std::vector<HttpHeader>& headers, const std::string& signed_headers,
                         const std::string& signature) {
    EXPECT_EQ(
        ValueOf(headers, "Authorization"),
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=" +
            signed_headers + ", Signature=" + signature);
    EXPECT_EQ(ValueOf(headers, "X-Amz-Date"), "20130524T000000Z");
  };
  const auto get = sign({.target = "/test.txt", .headers = {{"Range", "bytes=0-9"}}});
  expect(get, "host;range;x-amz-content-sha256;x-amz-date",
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(ValueOf(get, "x-amz-content-sha256"),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const auto put = sign({.method = "PUT",
                         .target = "/test%24file.text",
                         .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                     {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                         .body = "Welcome to Amazon S3."});
  expect(put, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  expect(sign({.target = "/?lifecycle"}), "host;x-amz-content-sha256;x-amz-date",
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  expect(sign({.target = "/?max-keys=2&prefix=J"}), "host;x-amz-content-sha256;x-amz-date",
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SignerTest, ASessionsTokenIsSignedToo) {
  const auto headers =
      Signed({.method = "POST", .body = "{}"}, "sqs.eu-central-1.amazonaws.com",
             {.service = "sqs", .region = "eu-central-1"},
             {.access_key_id = "AKID", .secret_access_key = "s", .session_token = "t"},
             Timestamp(std::chrono::seconds(1'369'353'600)))
          .value();
  EXPECT_EQ(ValueOf(headers, "X-Amz-Security-Token"), "t");
  EXPECT_NE(ValueOf(headers, "Authorization").find("host;x-amz-date;x-amz-security-token"),
            std::string::npos);
  EXPECT_EQ(ValueOf(headers, "x-amz-content-sha256"), "none");
}

TEST(SignerTest, NoKeyNoSignature) {
  const auto refused = Signed({}, "h", {.service = "sqs", .region = "r"}, {}, Timestamp());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::kPermanent);
}

}  // namespace
}  // namespace sluice
