// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice {

// Percent-encoding (RFC 3986 §2.1), with capital digits.

// Appends `c` as %XX.
void AppendPercent(std::string& out, char c);

// Appends `text` with everything as %XX but letters, digits, "-._~" (RFC 3986 §2.3) and the
// characters of `also_plain`.
void AppendPercentEncoded(std::string& out, std::string_view text,
                          std::string_view also_plain = {});

// application/x-www-form-urlencoded (URL Living Standard §5.1) read back: '+' is a space, any byte
// may come as %XX, and what need not be encoded may come as it is. kBadData where '%' is not
// followed by two hexadecimal digits. The result is no longer than `text`.
Result<std::string> DecodeForm(std::string_view text);

}  // namespace sluice
