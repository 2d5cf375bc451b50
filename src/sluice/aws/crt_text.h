// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

struct aws_allocator;
struct aws_byte_cursor;

namespace sluice {

// The runtime's texts and ours. Only .cc files of this module include what they are made of.
aws_allocator* CrtAllocator();
aws_byte_cursor ToCursor(std::string_view text);  // of the same bytes
std::string_view FromCursor(const aws_byte_cursor& cursor);
std::string CrtErrorText(int code);  // "socket is closed (AWS_IO_SOCKET_CLOSED)"

}  // namespace sluice
