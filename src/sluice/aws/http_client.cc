// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/http_client.h"

#include <aws/http/connection.h>
#include <aws/http/connection_manager.h>
#include <aws/http/http.h>
#include <aws/http/request_response.h>
#include <aws/io/socket.h>
#include <aws/io/tls_channel_handler.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <utility>

#include "sluice/aws/aws_runtime.h"
#include "sluice/aws/crt_message.h"
#include "sluice/aws/crt_text.h"
#include "sluice/aws/said_once.h"

namespace sluice {
namespace {

constexpr std::chrono::seconds kToEnd{1};
constexpr uint64_t kMostIdleMillis = 15'000;  // servers close idle connections after 20 s or more

// Whether an answer is known to be whole: the runtime takes one that ends with its connection (RFC
// 9112 §6.3) for one without a body.
bool HasLength(std::string_view method, const HttpResponse& response) {
  if (method == "HEAD" || response.status == 204 || response.status == 304) return true;
  return response.Header("Content-Length") != nullptr ||
         response.Header("Transfer-Encoding") != nullptr;
}

}  // namespace

// One request and its answer. What a thread of the runtime has to do is done there, so that the
// caller is woken once: when all is over, which is `done`. Its owners are who began it and, until a
// connection is there or cannot be had, OnSetup: given up before that, the request is never begun.
struct HttpClient::Flight {
  aws_http_connection_manager* manager;
  CrtMessage request;
  std::string_view method;
  std::string authority;  // for messages
  size_t largest_body;
  bool takes_body;
  std::chrono::milliseconds timeout;
  std::chrono::steady_clock::time_point deadline;

  HttpResponse response;
  bool is_too_large = false;
  bool was_sent = false;    // some of it
  bool is_refused = false;  // by the runtime: it is no request
  int error = 0;
  SaidOnce done;
  bool in_time = true;

  std::mutex mutex;  // over what follows
  bool is_given_up = false;
  bool is_set_up = false;  // OnSetup was there first: `done` is said, or will be
  bool had_connection = false;
  aws_http_connection* connection = nullptr;
  aws_http_stream* stream = nullptr;

  void Wait();
  Result<HttpResponse> Land();

  ~Flight() { ReleaseConnection(); }
  void ReleaseConnection() {
    std::unique_lock lock(mutex);
    aws_http_stream* const used_stream = std::exchange(stream, nullptr);
    aws_http_connection* const used_connection = std::exchange(connection, nullptr);
    lock.unlock();  // for it may begin another flight
    if (used_stream != nullptr) aws_http_stream_release(used_stream);
    if (used_connection == nullptr) return;
    aws_http_connection_manager_release_connection(manager, used_connection);
  }

  static Flight& Of(void* self) { return *static_cast<Flight*>(self); }

  // By the connection's thread, where there is one. `self` is a shared_ptr of its own.
  static void OnSetup(aws_http_connection* acquired, int error, void* self) {
    const std::unique_ptr<std::shared_ptr<Flight>> mine(
        static_cast<std::shared_ptr<Flight>*>(self));
    Flight& flight = **mine;
    if (!flight.SetUp(acquired, error)) return;
    flight.ReleaseConnection();
    flight.done.Say();
  }
  // Whether nothing more follows.
  bool SetUp(aws_http_connection* acquired, int why_not) {
    const std::lock_guard lock(mutex);
    connection = acquired;
    if (is_given_up) return true;
    is_set_up = true;
    error = acquired == nullptr ? why_not : Start();
    return error != 0;
  }
  // The error that kept the request from being begun, or 0.
  int Start() {
    had_connection = true;
    const aws_http_make_request_options options{.self_size = sizeof options,
                                                .request = request.message.get(),
                                                .user_data = this,
                                                .on_response_headers = OnHeaders,
                                                .on_response_body = OnBody,
                                                .on_metrics = OnMetrics,
                                                .on_complete = OnComplete};
    stream = aws_http_connection_make_request(connection, &options);
    if (stream != nullptr && aws_http_stream_activate(stream) == 0) return 0;
    const int why = aws_last_error();
    is_refused = why != AWS_ERROR_HTTP_CONNECTION_CLOSED;
    aws_http_connection_close(connection);
    return why;
  }
  // Afterwards nobody reads the request any more.
  void GiveUp() {
    if (Cancel()) done.Wait();
  }
  // Whether it was set up: `done` follows soon.
  bool Cancel() {
    const std::lock_guard lock(mutex);
    is_given_up = true;
    if (!is_set_up) request = {};
    if (stream == nullptr) return is_set_up;
    aws_http_stream_cancel_default_error(stream);
    // Where the server has said that it will close, there is nothing to cancel any more.
    aws_http_connection_close(connection);
    return true;
  }

  static int OnHeaders(aws_http_stream*, aws_http_header_block block,
                       const aws_http_header* headers, size_t count, void* self) {
    if (block != AWS_HTTP_HEADER_BLOCK_MAIN) return AWS_OP_SUCCESS;  // "100 Continue" and the like
    HttpResponse& response = Of(self).response;
    for (size_t i = 0; i < count; ++i) {
      response.headers.push_back({.name = std::string(FromCursor(headers[i].name)),
                                  .value = std::string(FromCursor(headers[i].value))});
    }
    return AWS_OP_SUCCESS;
  }
  static int OnBody(aws_http_stream*, const aws_byte_cursor* data, void* self) {
    Flight& flight = Of(self);
    if (!flight.takes_body) return AWS_OP_SUCCESS;
    if (data->len > flight.largest_body - flight.response.body.size()) {
      flight.is_too_large = true;
      return aws_raise_error(AWS_ERROR_SHORT_BUFFER);
    }
    // Growing, a large body would be copied several times.
    if (flight.response.body.empty()) flight.response.body.reserve(flight.StatedLength());
    flight.response.body.append(FromCursor(*data));
    return AWS_OP_SUCCESS;
  }
  size_t StatedLength() const {
    const std::string* const text = response.Header("Content-Length");
    size_t length = 0;
    if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), length);
    return std::min(length, largest_body);
  }
  static void OnMetrics(aws_http_stream*, const aws_http_stream_metrics* metrics, void* self) {
    Of(self).was_sent = metrics->send_start_timestamp_ns >= 0;
  }
  static void OnComplete(aws_http_stream* stream, int error, void* self) {
    // Also of an answer without headers.
    aws_http_stream_get_incoming_response_status(stream, &Of(self).response.status);
    Of(self).error = error;
    // At once, for who waits for a connection may be who has this answer still to take.
    Of(self).ReleaseConnection();
    Of(self).done.Say();
  }
};

// The connections. The runtime ends when its threads do, and one of these may outlive its pool.
struct HttpClient::Pool {
  aws_http_connection_manager* manager = nullptr;
  const std::shared_ptr<SaidOnce> ended = std::make_shared<SaidOnce>();

  Pool(const HttpEndpoint& endpoint, const HttpClientOptions& options, aws_tls_ctx* tls) {
    const aws_socket_options socket{
        .type = AWS_SOCKET_STREAM,
        .domain = AWS_SOCKET_IPV4,
        .connect_timeout_ms = static_cast<uint32_t>(options.connect_timeout.count()),
        .tcp_nodelay = AWS_SOCKET_TCP_NODELAY_ON};
    aws_tls_connection_options encrypted{};
    if (tls != nullptr) {
      aws_tls_connection_options_init_from_ctx(&encrypted, tls);
      aws_byte_cursor name = ToCursor(endpoint.host);
      aws_tls_connection_options_set_server_name(&encrypted, CrtAllocator(), &name);
    }
    auto last = std::make_unique<std::shared_ptr<SaidOnce>>(ended);
    const aws_http_connection_manager_options made{
        .bootstrap = AwsRuntime::Get().bootstrap(),
        .initial_window_size = SIZE_MAX,
        .socket_options = &socket,
        .tls_connection_options = tls != nullptr ? &encrypted : nullptr,
        .host = ToCursor(endpoint.host),
        .port = endpoint.port,
        .max_connections = options.most_connections,
        .shutdown_complete_user_data = last.get(),
        .shutdown_complete_callback = OnEnd,
        .max_connection_idle_in_milliseconds = kMostIdleMillis};
    manager = aws_http_connection_manager_new(CrtAllocator(), &made);
    if (manager != nullptr) last.release();  // OnEnd's
    if (tls != nullptr) aws_tls_connection_options_clean_up(&encrypted);
  }
  ~Pool() {
    if (manager == nullptr) return;
    aws_http_connection_manager_release(manager);
    ended->WaitUntil(std::chrono::steady_clock::now() + kToEnd);
  }
  static void OnEnd(void* self) {
    const std::unique_ptr<std::shared_ptr<SaidOnce>> mine(
        static_cast<std::shared_ptr<SaidOnce>*>(self));
    (*mine)->Say();
  }
};

HttpClient::HttpClient(HttpEndpoint endpoint, const HttpClientOptions& options)
    : endpoint_(std::move(endpoint)), options_(options) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::Make(const HttpEndpoint& endpoint,
                                                     const HttpClientOptions& options) {
  aws_tls_ctx* tls = nullptr;
  if (endpoint.tls) {
    SLUICE_ASSIGN(tls, AwsRuntime::Get().Tls());
  }
  std::unique_ptr<HttpClient> client(new HttpClient(endpoint, options));
  client->pool_ = std::make_unique<Pool>(endpoint, options, tls);
  if (client->pool_->manager == nullptr) {
    return Fail(ErrorKind::kPermanent, "cannot use {}: {}", endpoint.authority(),
                CrtErrorText(aws_last_error()));
  }
  return client;
}

Result<HttpResponse> HttpClient::Send(const HttpRequest& request,
                                      std::chrono::milliseconds timeout) {
  SLUICE_ASSIGN(CrtMessage message, MakeCrtMessage(request, endpoint_.authority()));
  SLUICE_ASSIGN(Exchange exchange, Begin(request, std::move(message), timeout));
  return exchange.Take();
}

Result<HttpClient::Exchange> HttpClient::Begin(const HttpRequest& request, CrtMessage message,
                                               std::chrono::milliseconds timeout) {
  SLUICE_TRY(AddHeader(message, "Content-Length", std::to_string(request.body.size())));
  const std::shared_ptr<Flight> flight(
      new Flight{.manager = pool_->manager,
                 .request = std::move(message),
                 .method = request.method,
                 .authority = endpoint_.authority(),
                 .largest_body = options_.largest_body.count,
                 .takes_body = options_.takes_body,
                 .timeout = timeout,
                 .deadline = std::chrono::steady_clock::now() + timeout});
  aws_http_connection_manager_acquire_connection(pool_->manager, Flight::OnSetup,
                                                 new std::shared_ptr<Flight>(flight));
  return Exchange(flight);
}

void HttpClient::Flight::Wait() {
  if (!in_time) return;
  in_time = done.WaitUntil(deadline);
  if (!in_time) GiveUp();
}

Result<HttpResponse> HttpClient::Flight::Land() {
  Wait();
  if (!had_connection) {
    return Fail(ErrorKind::kTransient, "cannot connect to {}: {}", authority,
                error != 0 ? CrtErrorText(error)
                           : fmt::format("no connection within {} ms", timeout.count()));
  }
  if (is_refused) {
    return Fail(ErrorKind::kPermanent, "cannot send a request to {}: {}", authority,
                CrtErrorText(error));
  }
  if (error == 0 && takes_body && !HasLength(method, response)) {
    return Fail(ErrorKind::kOutcomeUnknown, "an answer from {} that does not say where it ends",
                authority);
  }
  if (error == 0) return std::move(response);
  if (is_too_large) {
    const bool only_asks = method == "GET" || method == "HEAD";
    return Fail(only_asks ? ErrorKind::kPermanent : ErrorKind::kOutcomeUnknown,
                "{} answers with more than {} bytes", authority, largest_body);
  }
  return Fail(was_sent ? ErrorKind::kOutcomeUnknown : ErrorKind::kTransient,
              "no answer from {}: {}", authority,
              in_time ? CrtErrorText(error) : fmt::format("none within {} ms", timeout.count()));
}

HttpClient::Exchange::Exchange(std::shared_ptr<Flight> flight) : flight_(std::move(flight)) {}
HttpClient::Exchange::Exchange(Exchange&&) noexcept = default;
HttpClient::Exchange::~Exchange() {
  if (flight_ != nullptr) flight_->GiveUp();
}

void HttpClient::Exchange::Wait() const {
  flight_->Wait();
}

Result<HttpResponse> HttpClient::Exchange::Take() {
  Result<HttpResponse> answer = flight_->Land();
  flight_ = nullptr;
  return answer;
}

}  // namespace sluice
