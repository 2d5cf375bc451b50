// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice {

// From 1; columns count characters, as editors do.
struct TextPosition {
  int line = 1;
  int column = 1;
};

struct DdlToken {
  enum class Kind {
    kWord,        // a keyword or a name; `text` is folded to lower case
    kQuotedName,  // "…": `text` is what stands between the quotes, "" made one
    kString,      // '…': likewise
    kNumber,      // digits[.digits][e[±]digits], without a sign
    kSymbol,      // ( ) , ; . :: or one character of an expression
    kEnd,
  };
  Kind kind = Kind::kEnd;
  std::string text;
  TextPosition at;
};

// "found 'varchr'", "found a text in quotes": a token for a message, cut to a readable length.
std::string Describe(const DdlToken& token);

// Cuts SQL into tokens, the last one kEnd. Comments are skipped. Errors are
// "`file`:line:column: what is wrong".
Result<std::vector<DdlToken>> TokenizeDdl(std::string_view sql, std::string_view file);

}  // namespace sluice
