// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/kept_secret.h"

#include <algorithm>
#include <array>

#include "sluice/aws/http.h"

namespace sluice {
namespace {

constexpr std::string_view kPrefix = "secretsmanager:", kArn = "arn:";
// Behind the name an ARN has a '-' and six characters more.
constexpr size_t kLongestName = 512, kLongestInArn = kLongestName + 7, kLongestKey = 256;

bool IsName(std::string_view text, size_t longest) {
  constexpr std::string_view kOthers = "/_+=.@-!";
  return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.contains(c);
  });
}

bool IsKey(std::string_view text) {
  return !text.empty() && text.size() <= kLongestKey &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

// Of "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"; empty: it is no such ARN.
std::string_view RegionIn(std::string_view arn) {
  std::array<std::string_view, 6> parts;
  for (std::string_view& part : parts) {
    part = arn.substr(0, arn.find(':'));
    arn.remove_prefix(std::min(part.size() + 1, arn.size()));
  }
  const auto& [prefix, partition, service, region, account, kind] = parts;
  const bool is_account =
      account.size() == 12 && account.find_first_not_of("0123456789") == std::string_view::npos;
  const bool is_secret = service == "secretsmanager" && kind == "secret" && is_account &&
                         IsRegionName(region) && partition == PartitionOf(region) &&
                         IsName(arn, kLongestInArn);
  return is_secret ? region : std::string_view();
}

}  // namespace

std::string KeptSecret::reference() const {
  std::string text = std::string(kPrefix) + id;
  if (!key.empty()) text.append("#").append(key);
  return text;
}

bool IsKeptReference(std::string_view reference) {
  return reference.starts_with(kPrefix);
}

Result<KeptSecret> ParseKeptSecret(std::string_view reference, const std::string& region) {
  const std::string_view rest = IsKeptReference(reference) ? reference.substr(kPrefix.size()) : "";
  const size_t sign = rest.find('#');
  const std::string_view id = rest.substr(0, sign);
  KeptSecret secret{.id = std::string(id), .key = {}, .region = region};
  if (sign != std::string_view::npos) {
    secret.key = rest.substr(sign + 1);
    if (!IsKey(secret.key)) {
      return Fail(ErrorKind::kPermanent, "wanted a key of at most {} bytes behind the '#'",
                  kLongestKey);
    }
  }
  if (id.starts_with(kArn)) {
    secret.region = RegionIn(id);
    if (secret.region.empty()) {
      return Fail(ErrorKind::kPermanent,
                  "not the ARN of a secret: wanted "
                  "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME");
    }
  } else if (!IsName(id, kLongestName)) {
    return Fail(ErrorKind::kPermanent,
                "wanted secretsmanager:NAME or secretsmanager:NAME#KEY, where NAME is the ARN of a "
                "secret, or its name of at most {} letters, digits and /_+=.@-!",
                kLongestName);
  }
  if (!secret.region.empty()) return secret;
  return Fail(ErrorKind::kPermanent,
              "in which region is it? give region: at the top of the file or in secretsmanager:, "
              "or the secret's ARN");
}

}  // namespace sluice
