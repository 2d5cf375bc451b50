// SPDX-License-Identifier: Apache-2.0
#include "sluice/connect/webhook.h"

#include "sluice/aws/http_client.h"
#include "sluice/base/utf8.h"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kTimeout{10'000};

}  // namespace

Result<Webhook> Webhook::At(const Secret& url) {
  const auto refused = [] {
    return Fail(ErrorKind::kPermanent,
                "the webhook's address is none: wanted https://HOST/PATH, percent-encoded");
  };
  std::string_view text = url.Reveal();
  text = text.substr(0, text.find('#'));
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return refused();
  const size_t path = text.find_first_of("/?", scheme + 3);
  const auto endpoint = ParseEndpoint(text.substr(0, path));
  std::string target(path == std::string_view::npos ? "" : text.substr(path));
  if (!target.starts_with('/')) target.insert(0, 1, '/');
  const bool is_plain =
      IsAscii(target) && target == WithoutControls(target) && target.find(' ') == std::string::npos;
  if (!endpoint || !is_plain) return refused();
  return Webhook(*endpoint, std::move(target));
}

Status Webhook::Post(std::string_view json) const {
  const auto http = HttpClient::Make(endpoint_, {.most_connections = 1, .takes_body = false});
  if (!http) return Fail(http.error().kind(), "cannot make connections to the webhook");
  const HttpRequest request{
      .method = "POST",
      .target = target_,
      .headers = {{"Content-Type", "application/json"}, {"User-Agent", "sluice"}},
      .body = json};
  const auto response = (*http)->Send(request, kTimeout);
  if (!response) {
    return Fail(response.error().kind(), "the webhook {}",
                response.error().kind() == ErrorKind::kTransient
                    ? "cannot be reached"
                    : "gave no whole HTTP answer within ten seconds");
  }
  if (response->status / 100 == 2) return {};
  return Fail(ErrorKind::kPermanent, "the webhook refused: status={}", response->status);
}

}  // namespace sluice
