// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/aws_runtime.h"

#include <aws/auth/auth.h>
#include <aws/checksums/checksums.h>
#include <aws/io/channel_bootstrap.h>
#include <aws/io/event_loop.h>
#include <aws/io/host_resolver.h>
#include <aws/io/tls_channel_handler.h>

#include "sluice/aws/crt_text.h"
#include "sluice/base/check.h"

namespace sluice {
namespace {

// One moves all bytes to and from AWS, encrypted where they are.
constexpr uint16_t kThreads = 1;
constexpr size_t kMostNames = 64;

}  // namespace

AwsRuntime& AwsRuntime::Get() {
  static AwsRuntime& runtime = *new AwsRuntime;  // its threads end with the process
  return runtime;
}

AwsRuntime::AwsRuntime() {
  aws_allocator* const allocator = CrtAllocator();
  aws_auth_library_init(allocator);
  aws_checksums_library_init(allocator);
  const aws_event_loop_group_options loops{.loop_count = kThreads};
  aws_event_loop_group* const group = aws_event_loop_group_new(allocator, &loops);
  SLUICE_CHECK(group != nullptr);
  const aws_host_resolver_default_options names{.max_entries = kMostNames, .el_group = group};
  aws_host_resolver* const resolver = aws_host_resolver_new_default(allocator, &names);
  SLUICE_CHECK(resolver != nullptr);
  const aws_client_bootstrap_options options{.event_loop_group = group, .host_resolver = resolver};
  bootstrap_ = aws_client_bootstrap_new(allocator, &options);
  SLUICE_CHECK(bootstrap_ != nullptr);
}

Result<aws_tls_ctx*> AwsRuntime::Tls() {
  const std::lock_guard lock(mutex_);
  if (tls_ != nullptr) return tls_;
  aws_tls_ctx_options options;
  aws_tls_ctx_options_init_default_client(&options, CrtAllocator());
  aws_tls_ctx_options_set_minimum_tls_version(&options, AWS_IO_TLSv1_2);
  tls_ = aws_tls_client_ctx_new(CrtAllocator(), &options);
  const int error = tls_ == nullptr ? aws_last_error() : 0;
  aws_tls_ctx_options_clean_up(&options);
  if (tls_ == nullptr) {
    return Fail(ErrorKind::kPermanent,
                "cannot use TLS: {}: are there certificates of authorities in /etc/ssl/certs?",
                CrtErrorText(error));
  }
  return tls_;
}

}  // namespace sluice
