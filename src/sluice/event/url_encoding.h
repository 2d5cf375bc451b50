// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice {

// A key as S3's notifications carry it: application/x-www-form-urlencoded (URL Living Standard
// §5.2), but '/' as it is.
std::string EncodeEventKey(std::string_view key);

// The reverse; any byte may come as %XX, '/' too, and what is not reserved may come as it is.
// kBadData where '%' is not followed by two hexadecimal digits. The result is no longer than
// `text`, which ParseS3Notification bounds.
Result<std::string> DecodeEventKey(std::string_view text);

}  // namespace sluice
