// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/schema/ddl_tokens.h"

namespace sluice {

// A place in a list of tokens, and the questions that a recursive descent asks there. Take…
// moves on and says whether it did; Expect… moves on or fails with "`file`:line:column: found …;
// wanted …".
class DdlCursor {
 public:
  // `tokens` ends with kEnd.
  DdlCursor(std::vector<DdlToken> tokens, std::string_view file)
      : tokens_(std::move(tokens)), file_(file) {}

  // The token `ahead` of the next one; kEnd at and behind the end.
  const DdlToken& Peek(size_t ahead = 0) const;
  bool AtEnd() const { return Peek().kind == DdlToken::Kind::kEnd; }
  DdlToken Take();

  bool SeesWord(std::string_view word, size_t ahead = 0) const;
  bool SeesAnyWord(std::initializer_list<std::string_view> words) const;
  bool SeesSymbol(std::string_view symbol, size_t ahead = 0) const;
  bool TakeWord(std::string_view word);
  bool TakeSymbol(std::string_view symbol);
  // All of them, or none.
  bool TakeWords(std::initializer_list<std::string_view> words);

  Status ExpectWord(std::string_view word);
  Status ExpectSymbol(std::string_view symbol);
  Result<std::string> ExpectName(std::string_view what);
  // A whole number within [least, most].
  Result<int32_t> ExpectCount(std::string_view what, int32_t least, int32_t most);

  size_t position() const { return next_; }
  void Return(size_t position) { next_ = position; }

  // "`file`:line:column: found …; wanted `wanted`", about the next token.
  std::unexpected<Error> Unexpected(std::string_view wanted) const;
  // "`file`:line:column: `what`".
  std::unexpected<Error> Refuse(TextPosition at, std::string_view what) const;

 private:
  std::vector<DdlToken> tokens_;
  std::string file_;
  size_t next_ = 0;
};

}  // namespace sluice
