// SPDX-License-Identifier: Apache-2.0
// s3_transfer put|get ENDPOINT BUCKET OBJECTS MIB: writes or reads as many objects of that size
// through S3Store, one after the other, with what bench/aws measures around it. Credentials and
// region come from the environment.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>

#include "sluice/object/s3_store.h"

namespace sluice {
namespace {

// Nothing that a server could take for zeros.
std::string Content(size_t size) {
  std::string content(size, '\0');
  std::mt19937_64 random(42);
  for (size_t i = 0; i + 8 <= size; i += 8) {
    const uint64_t bits = random();
    content.replace(i, 8, reinterpret_cast<const char*>(&bits), 8);
  }
  return content;
}

Status Put(S3Store& store, int objects, size_t size) {
  const std::string content = Content(size);
  for (int i = 0; i < objects; ++i) {
    SLUICE_ASSIGN(const auto object, store.Create(fmt::format("object-{}", i)));
    SLUICE_TRY(object->Write(content));
    SLUICE_TRY(object->Commit());
  }
  return {};
}

Status Get(S3Store& store, int objects, size_t size) {
  std::vector<char> buffer(size_t{1} << 20);
  for (int i = 0; i < objects; ++i) {
    SLUICE_ASSIGN(const auto reader, store.Open(fmt::format("object-{}", i)));
    size_t read = 0;
    for (;;) {
      SLUICE_ASSIGN(const size_t n, reader->Read(buffer));
      if (n == 0) break;
      read += n;
    }
    if (read != size) return Fail(ErrorKind::kPermanent, "read {} bytes of {}", read, size);
  }
  return {};
}

Status Run(const std::string& verb, const std::string& endpoint, const std::string& bucket,
           int objects, size_t size) {
  SystemClock clock;
  SLUICE_ASSIGN(auto credentials, DefaultCredentials(clock));
  S3StoreOptions options;
  options.bucket.bucket = bucket;
  options.bucket.region = "us-east-1";
  SLUICE_ASSIGN(options.bucket.endpoint, ParseEndpoint(endpoint));
  SLUICE_ASSIGN(const auto store, S3Store::Open(options, std::move(credentials), clock));
  return verb == "put" ? Put(*store, objects, size) : Get(*store, objects, size);
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: s3_transfer put|get ENDPOINT BUCKET OBJECTS MIB\n");
    return 2;
  }
  const sluice::Status done = sluice::Run(argv[1], argv[2], argv[3], std::atoi(argv[4]),
                                          static_cast<size_t>(std::atoi(argv[5])) << 20);
  if (done) return 0;
  std::fprintf(stderr, "s3_transfer: %s\n", done.error().message().c_str());
  return 1;
}
