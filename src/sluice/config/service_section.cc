// SPDX-License-Identifier: Apache-2.0
#include "sluice/config/service_section.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/aws/http.h"

namespace sluice {
namespace {

constexpr Bytes kLeastPart = MiB(5);    // S3 User Guide, "Amazon S3 multipart upload limits"
constexpr Bytes kMostPart = MiB(1024);  // several of an object are in memory

bool IsAccount(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void ReadEndpoint(ConfigSection& section, std::string& endpoint) {
  if (!section.Text("endpoint", endpoint)) return;
  if (const auto parsed = ParseEndpoint(endpoint); !parsed) {
    section.Wrong(*section.Find("endpoint"), "endpoint", parsed.error().message());
  }
}

}  // namespace

void ReadService(ConfigSection& section, const std::string& region, NeedsRegion needs,
                 ServiceOptions& service) {
  service.region = region;
  if (section.Text("region", service.region) && !IsRegionName(service.region)) {
    section.Wrong(*section.Find("region"), "region", "wanted a region, like eu-central-1");
  }
  ReadEndpoint(section, service.endpoint);
  if (needs == NeedsRegion::kYes && service.region.empty()) {
    section.Missing("region", "give it here, or once at the top of the file");
  }
}

std::optional<AssumeRole> ReadAssumeRole(ConfigSection& section) {
  ConfigSection role = section.Section("assume_role");
  AssumeRole assume;
  const bool has_role = role.Text("arn", assume.arn);
  if (has_role && !assume.arn.starts_with("arn:")) {
    role.Wrong(*role.Find("arn"), "arn", "wanted the ARN of a role");
  }
  role.SecretText("external_id", assume.external_id);
  ReadEndpoint(role, assume.endpoint);
  if (role.is_given() && !role.HasAny({"arn"})) role.Missing("arn");
  role.RefuseOthers();
  if (!has_role) return std::nullopt;
  return assume;
}

void ReadSecretsManager(ConfigSection section, const std::string& region,
                        SecretsManagerConfig& config) {
  ReadService(section, region, NeedsRegion::kNo, config.service);
  config.assume_role = ReadAssumeRole(section);
  section.RefuseOthers();
}

void ReadBucket(ConfigSection& section, StoreConfig& store) {
  if (section.Text("bucket_owner", store.bucket_owner) && !IsAccount(store.bucket_owner)) {
    section.Wrong(*section.Find("bucket_owner"), "bucket_owner",
                  "wanted the 12 digits of an account");
  }
  section.Text("kms_key", store.kms_key);
  if (section.Size("part_size", store.part_size) &&
      (store.part_size < kLeastPart || store.part_size > kMostPart)) {
    const YamlNode& at = *section.Find("part_size");
    section.Wrong(at, "part_size", fmt::format("wanted 5MiB to 1GiB; found '{}'", at.text));
  }
}

}  // namespace sluice
