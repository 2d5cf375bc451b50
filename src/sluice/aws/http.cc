// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/http.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace sluice {
namespace {

char ToLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

// Takes `:PORT` off the end of `text`; false where what stands there is no port.
bool TakePort(std::string_view& text, uint16_t& port) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon < text.rfind(']') + 1) return true;
  const std::string_view digits = text.substr(colon + 1);
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, port);
  text.remove_suffix(text.size() - colon);
  return error == std::errc() && stop == end && port != 0;
}

// A name, an IPv4 address, or an IPv6 address in brackets, which are taken away.
bool TakeHost(std::string_view text, std::string& host) {
  if (text.starts_with('[') && text.ends_with(']')) {
    host = text.substr(1, text.size() - 2);
    return !host.empty() && host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string::npos;
  }
  host = text;
  return !host.empty() && std::ranges::all_of(host, IsHostCharacter);
}

// The number that all of `digits` is.
std::optional<int> NumberOf(std::string_view digits) {
  int number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end || number < 0) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Timestamp> ParseHttpDate(std::string_view text) {
  constexpr std::string_view kForm = "Fri, 24 May 2013 00:00:00 GMT";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != kForm.size() || !text.ends_with(" GMT")) return std::nullopt;
  const auto number = [&](size_t at, size_t size) { return NumberOf(text.substr(at, size)); };
  const size_t month = kMonths.find(text.substr(8, 3));
  const auto day = number(5, 2), year = number(12, 4);
  const auto hour = number(17, 2), minute = number(20, 2), second = number(23, 2);
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  if (!day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

const std::string* HttpResponse::Header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [name](const HttpHeader& header) {
    return std::ranges::equal(header.name, name, {}, ToLower, ToLower);
  });
  return found == headers.end() ? nullptr : &found->value;
}

std::string HttpEndpoint::authority() const {
  std::string text = host.contains(':') ? "[" + host + "]" : host;
  if (port != (tls ? 443 : 80)) text += ":" + std::to_string(port);
  return text;
}

Result<HttpEndpoint> ParseEndpoint(std::string_view url) {
  HttpEndpoint endpoint;
  std::string_view rest = url;
  if (rest.starts_with("http://")) {
    endpoint.tls = false;
    endpoint.port = 80;
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else {
    rest = {};
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (!TakePort(rest, endpoint.port) || !TakeHost(rest, endpoint.host)) {
    return Fail(ErrorKind::kPermanent,
                "no endpoint: give it as https://HOST or http://HOST:PORT, without anything else");
  }
  return endpoint;
}

bool IsRegionName(std::string_view text) {
  return !text.empty() && text.size() <= 40 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::string_view PartitionOf(std::string_view region) {
  if (region.starts_with("cn-")) return "aws-cn";
  return region.starts_with("us-gov-") ? "aws-us-gov" : "aws";
}

HttpEndpoint AwsEndpoint(std::string_view service, std::string_view region) {
  const std::string_view domain =
      PartitionOf(region) == "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  return {.host = fmt::format("{}.{}.{}", service, region, domain)};
}

Result<HttpEndpoint> EndpointOf(std::string_view service, std::string_view region,
                                std::string_view configured) {
  if (configured.empty()) return AwsEndpoint(service, region);
  return ParseEndpoint(configured);
}

}  // namespace sluice
