// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/crt_message.h"

#include <aws/http/request_response.h>
#include <aws/io/stream.h>

#include "sluice/aws/crt_text.h"

namespace sluice {
void CrtMessage::Release::operator()(aws_http_message* message) const {
  aws_http_message_release(message);
}

void CrtMessage::Release::operator()(aws_input_stream* body) const {
  aws_input_stream_release(body);
}

Status AddHeader(CrtMessage& message, std::string_view name, std::string_view value) {
  const aws_http_header header{.name = ToCursor(name), .value = ToCursor(value)};
  if (aws_http_message_add_header(message.message.get(), header) != 0) {
    return Fail(ErrorKind::kPermanent, "no HTTP header: name={}: {}", name,
                CrtErrorText(aws_last_error()));
  }
  return {};
}

Result<CrtMessage> MakeCrtMessage(const HttpRequest& request, std::string_view authority) {
  CrtMessage made;
  const aws_byte_cursor bytes = ToCursor(request.body);
  made.body.reset(aws_input_stream_new_from_cursor(CrtAllocator(), &bytes));
  made.message.reset(aws_http_message_new_request(CrtAllocator()));
  aws_http_message& message = *made.message;
  aws_http_message_set_request_method(&message, ToCursor(request.method));
  aws_http_message_set_request_path(&message, ToCursor(request.target));
  SLUICE_TRY(AddHeader(made, "Host", authority));
  for (const auto& [name, value] : request.headers) SLUICE_TRY(AddHeader(made, name, value));
  if (!request.body.empty()) aws_http_message_set_body_stream(&message, made.body.get());
  return made;
}

}  // namespace sluice
