// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/xml_reader.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string ErrorOf(std::string_view text, const XmlLimits& limits = {}) {
  const auto parsed = ParseXml(text, limits);
  if (parsed) return "none";
  EXPECT_EQ(parsed.error().kind(), ErrorKind::kBadData);
  return parsed.error().message();
}

TEST(XmlReaderTest, ReadsElementsAndTheirText) {
  const auto root = ParseXml(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"urn:x\"><Name>b</Name>"
      "<Contents><Key>a&amp;b&#10;c&lt;\xc3\xa9</Key><Size>1</Size></Contents>"
      "<Contents><Key><![CDATA[<k>]]></Key></Contents><Empty/></ListBucketResult>\n");
  ASSERT_TRUE(root) << root.error().message();
  EXPECT_EQ(root->name, "ListBucketResult");
  EXPECT_EQ(root->TextAt("Name"), "b");
  EXPECT_EQ(root->TextAt("Contents/Key"), "a&b\nc<\xc3\xa9");
  EXPECT_EQ(root->TextAt("Contents/None/Key"), "");
  EXPECT_EQ(root->TextAt("None"), "");
  ASSERT_EQ(root->children.size(), 4U);
  EXPECT_EQ(root->children[2].TextAt("Key"), "<k>");
  ASSERT_NE(root->Child("Empty"), nullptr);
  EXPECT_EQ(root->Child("Empty")->text, "");
}

TEST(XmlReaderTest, WhatIsNoXmlSaysWhere) {
  EXPECT_NE(ErrorOf("").find("no element found"), std::string::npos);
  EXPECT_NE(ErrorOf("<a>\n<b></a>").find("line=2 column=5"), std::string::npos);
  for (const std::string_view text : {"<a", "<a>", "{}", "<html><body>502</html>", "<a>&b;</a>",
                                      "<a>\xff</a>", "<a/><b/>", "<a>\x01</a>", "<a b=1/>"}) {
    EXPECT_NE(ErrorOf(text), "none") << text;
  }
}

// Fault S14.
TEST(XmlReaderTest, ADocumentTypeIsRefused) {
  for (const std::string_view text :
       {"<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY e \"eeee\"><!ENTITY f \"&e;&e;\">]><a>&f;</a>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"}) {
    EXPECT_NE(ErrorOf(text).find("document type"), std::string::npos) << text;
  }
}

TEST(XmlReaderTest, KeepsToItsLimits) {
  const XmlLimits limits{.bytes = 40, .elements = 3, .depth = 2};
  EXPECT_EQ(ErrorOf("<a><b>x</b><c/></a>", limits), "none");
  EXPECT_NE(ErrorOf("<a><b/><c/><d/></a>", limits).find("too many elements"), std::string::npos);
  EXPECT_NE(ErrorOf("<a><b><c/></b></a>", limits).find("too deep"), std::string::npos);
  EXPECT_EQ(ErrorOf("<a>" + std::string(33, 'x') + "</a>", limits), "none");
  EXPECT_NE(ErrorOf("<a>" + std::string(34, 'x') + "</a>", limits).find("40 bytes"),
            std::string::npos);
}

}  // namespace
}  // namespace sluice
