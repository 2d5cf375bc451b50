// SPDX-License-Identifier: Apache-2.0
// The contract suite of Stream on a server of Kinesis's protocol, whose address is in
// SLUICE_KINESIS_ENDPOINT: with_server.py starts one.
#include <cstdlib>

#include "tests/servers/servers_stream.h"

namespace sluice {
namespace {

std::unique_ptr<StreamUnderTest> MakeServersStream() {
  const char* const url = std::getenv("SLUICE_KINESIS_ENDPOINT");
  const auto endpoint = ParseEndpoint(url == nullptr ? "" : url);
  EXPECT_TRUE(endpoint) << "SLUICE_KINESIS_ENDPOINT";
  if (!endpoint) return nullptr;
  return std::make_unique<ServersStream>(*endpoint);
}

INSTANTIATE_TEST_SUITE_P(Kinesis, StreamContract,
                         ::testing::Values(StreamFactory{"Kinesis", MakeServersStream}));

}  // namespace
}  // namespace sluice
