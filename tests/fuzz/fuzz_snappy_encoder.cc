// SPDX-License-Identifier: Apache-2.0
// Any bytes, or any bytes repeated with steps between them, through our encoder and back through
// libsnappy's decoder.
#include <snappy.h>

#include <vector>

#include "sluice/codec/snappy_encoder.h"
#include "tests/fuzz/fuzz_target.h"

namespace sluice {
namespace {

void CheckRoundTrip(std::string_view text) {
  static SnappyEncoder encoder;
  const std::vector<char> in(text.begin(), text.end());
  std::vector<char> packed(SnappyEncoder::MostBytes(in.size()));
  const size_t size = encoder.Compress({in.data(), in.size()}, packed.data());
  SLUICE_CHECK(size <= snappy::MaxCompressedLength(in.size()));
  std::string back;
  SLUICE_CHECK(snappy::Uncompress(packed.data(), size, &back));
  SLUICE_CHECK(back == text);
}

std::string Repeated(std::string_view text, uint32_t times, uint32_t step) {
  std::string out;
  for (uint32_t i = 0; i < times; ++i) {
    out += text;
    out.append(i * step % 97, static_cast<char>(i));
  }
  return out;
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> seeds;
  for (const char times : {'\0', '\1', '\3', '('}) {
    seeds.push_back(std::string{times, '\5'} +
                    R"({"language":"en","workspaceId":"2dc02fb6-883f-43b4-9a79-c76f1a6dc9fc"})");
  }
  return seeds;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  FuzzInput input(data, size);
  const uint32_t times = input.Byte(), step = input.Byte();
  CheckRoundTrip(input.Rest());
  CheckRoundTrip(Repeated(input.Rest(), times, step));
  return 0;
}
