// SPDX-License-Identifier: Apache-2.0
// Whatever a service answers, its XML is read or refused, within the limits; and what it says of a
// failure can be printed.
#include <algorithm>

#include "sluice/aws/aws_failure.h"
#include "sluice/aws/xml_reader.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/seed_files.h"

namespace sluice {
namespace {

constexpr XmlLimits kLimits{.bytes = 1 << 16, .elements = 50, .depth = 6};

size_t CountElements(const XmlElement& element, size_t depth) {
  SLUICE_CHECK(depth <= kLimits.depth);
  size_t count = 1;
  for (const XmlElement& child : element.children) count += CountElements(child, depth + 1);
  return count;
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"urn:x\"><Name>b</Name>"
      "<Contents><Key>a&amp;b&#10;</Key><Size>1</Size></Contents></ListBucketResult>",
      "<ErrorResponse><Error><Code>AccessDenied</Code><Message>why</Message></Error>"
      "<RequestId>r</RequestId></ErrorResponse>",
      "<Error><Code>SlowDown</Code><RequestId>r</RequestId></Error>",
      "<!DOCTYPE a [<!ENTITY e \"eeee\"><!ENTITY f \"&e;&e;\">]><a>&f;</a>",
      "<a><b><c><d><e><f><g/></f></e></d></c></b></a>",
      "<a><![CDATA[<k>]]><?target data?><!-- none --></a>"};
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const std::string_view text = FuzzInput(data, size).Rest();
  const auto root = ParseXml(text, kLimits);
  if (root) SLUICE_CHECK(CountElements(*root, 1) <= kLimits.elements);
  if (!root) SLUICE_CHECK(root.error().kind() == ErrorKind::kBadData);
  const HttpResponse answer{.status = 400, .body = std::string(text)};
  for (const auto read : {ReadXmlFailure, ReadJsonFailure}) {
    const AwsFailure failure = read(answer);
    SLUICE_CHECK(Describe(failure).size() <= 700);
  }
  return 0;
}
