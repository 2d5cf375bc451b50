// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/crt_text.h"

#include <aws/common/byte_buf.h>
#include <aws/common/error.h>
#include <fmt/format.h>

namespace sluice {

aws_allocator* CrtAllocator() {
  return aws_default_allocator();
}

aws_byte_cursor ToCursor(std::string_view text) {
  return aws_byte_cursor_from_array(text.data(), text.size());
}

std::string_view FromCursor(const aws_byte_cursor& cursor) {
  return {reinterpret_cast<const char*>(cursor.ptr), cursor.len};
}

std::string CrtErrorText(int code) {
  return fmt::format("{} ({})", aws_error_str(code), aws_error_name(code));
}

}  // namespace sluice
