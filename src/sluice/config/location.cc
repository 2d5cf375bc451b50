// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/location.h"

#include <algorithm>
#include <filesystem>

#include "sluice/object/object_names.h"

namespace sluice {
namespace {

bool IsLowerOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

Status CheckText(std::string_view text) {
  if (text.size() > kLongestLocation) {
    return Fail(ErrorKind::kPermanent, "longer than {} bytes", kLongestLocation);
  }
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, is_control)) {
    return Fail(ErrorKind::kPermanent, "holds a control character");
  }
  return {};
}

// Amazon S3 User Guide, "Bucket naming rules", as far as they tell a bucket from something else
// (fault S2).
bool IsBucketName(std::string_view name) {
  return name.size() >= 3 && name.size() <= 63 && IsLowerOrDigit(name.front()) &&
         IsLowerOrDigit(name.back()) && name.find("..") == std::string_view::npos &&
         std::ranges::all_of(name,
                             [](char c) { return IsLowerOrDigit(c) || c == '-' || c == '.'; }) &&
         name.find_first_not_of("0123456789.") != std::string_view::npos;
}

Result<Location> ParseS3Url(std::string_view text) {
  const std::string_view rest = text.substr(5);
  const std::string_view bucket = rest.substr(0, rest.find('/'));
  if (!IsBucketName(bucket)) {
    return Fail(ErrorKind::kPermanent, "'{}' is no name of a bucket: {}", bucket, text);
  }
  const std::string_view prefix = rest.substr(bucket.size());
  if (!prefix.ends_with('/')) {
    return Fail(ErrorKind::kPermanent,
                "must end in '/', so that no other prefix begins with it: {}", text);
  }
  if (prefix.size() > 1) SLUICE_TRY(CheckKey(prefix.substr(1, prefix.size() - 2)));
  return Location{Location::Kind::kS3, std::string(text)};
}

}  // namespace

S3Place S3PlaceOf(std::string_view uri) {
  uri.remove_prefix(std::min(uri.size(), std::string_view("s3://").size()));
  const size_t slash = std::min(uri.find('/'), uri.size());
  return {uri.substr(0, slash), uri.substr(std::min(slash + 1, uri.size()))};
}

Result<Location> ParseDirectory(std::string_view path, std::string_view folder) {
  if (path.empty()) return Fail(ErrorKind::kPermanent, "wanted the path of a folder");
  SLUICE_TRY(CheckText(path));
  std::filesystem::path joined = std::filesystem::path(folder) / path;
  std::error_code error;
  joined = std::filesystem::absolute(joined, error).lexically_normal();
  if (error) {
    return Fail(ErrorKind::kPermanent, "cannot tell where {} is: {}", path, error.message());
  }
  if (!joined.has_filename()) joined = joined.has_relative_path() ? joined.parent_path() : "/";
  SLUICE_TRY(CheckText(joined.native()));
  return Location{Location::Kind::kDirectory, joined.string()};
}

Result<Location> ParseStoreLocation(std::string_view text, std::string_view folder) {
  SLUICE_TRY(CheckText(text));
  if (text.starts_with("dir:")) return ParseDirectory(text.substr(4), folder);
  if (text.starts_with("s3://")) return ParseS3Url(text);
  return Fail(ErrorKind::kPermanent, "wanted s3://bucket/prefix/ or dir:PATH; found '{}'", text);
}

Result<Location> ParseQueueLocation(std::string_view text, std::string_view folder) {
  if (text.starts_with("dir:")) return ParseDirectory(text.substr(4), folder);
  return ParseSqsUrl(text);
}

Result<Location> ParseSqsUrl(std::string_view text) {
  SLUICE_TRY(CheckText(text));
  std::string_view rest = text;
  for (std::string_view scheme : {"https://", "http://"}) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  const size_t slash = rest.find('/');
  if (rest.size() == text.size() || slash == 0 || slash == std::string_view::npos ||
      rest.size() == slash + 1 || rest.find_first_of(" ?#@\\") != std::string_view::npos) {
    return Fail(ErrorKind::kPermanent,
                "wanted a queue's address, like "
                "https://sqs.eu-central-1.amazonaws.com/111111111111/NAME; found '{}'",
                text);
  }
  return Location{Location::Kind::kSqs, std::string(text)};
}

Result<Location> ParseKinesisStream(std::string_view text) {
  SLUICE_TRY(CheckText(text));
  // Kinesis API Reference, CreateStream: [a-zA-Z0-9_.-]{1,128}.
  std::string_view name = text;
  if (name.starts_with("arn:")) name = name.substr(name.rfind('/') + 1);
  const bool legal = std::ranges::all_of(name, [](char c) {
    return IsLowerOrDigit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
  });
  if (name.empty() || name.size() > 128 || !legal) {
    return Fail(ErrorKind::kPermanent, "wanted a stream's name or ARN; found '{}'", text);
  }
  return Location{Location::Kind::kKinesis, std::string(text)};
}

}  // namespace sluice
