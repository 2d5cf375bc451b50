// SPDX-License-Identifier: Apache-2.0
#include "sluice/event/kpl_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/event/kpl_record_for_test.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::SizeIs;

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (; hex.size() >= 2; hex.remove_prefix(2)) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(0, 2)), nullptr, 16));
  }
  return bytes;
}

const std::string kKey = std::string("\x08\0", 2);  // partition_key_index = 0

// The example in the documentation of ex_kpl 0.2.0.
TEST(KplRecordTest, ReadsAPublishedExample) {
  const std::string record = FromHex(
      "f3899ac20a0d706172746974696f6e5f6b65791a0808001a0464617461d03699da5a222fa32108ad1bd955a14e");
  EXPECT_THAT(UserRecordsOf(record), Optional(ElementsAre("data")));
}

// Made by aws_kinesis_agg 1.2.3 for Python, from keys a, b, a, c, a.
TEST(KplRecordTest, ReadsWhatAnotherEncoderMakes) {
  const std::string record =
      FromHex(
          "f3899ac20a01610a01620a01631227333430323832333636393230393338343633343633333734363037343"
          "33137363832313134"
          "35351a0b08001a077b226e223a317d1a0b08011a077b226e223a327d1a08080010001a0200ff1a0408021a"
          "001ab10208001aac02") +
      std::string(300, 'x') + FromHex("998339ed55036613e0bc1cca75a61a72");
  EXPECT_THAT(UserRecordsOf(record),
              Optional(ElementsAre("{\"n\":1}", "{\"n\":2}", std::string("\0\xFF", 2), "",
                                   std::string(300, 'x'))));
}

// Made by protobuf 7.36 for Python: with a tag, and an index that no table has.
TEST(KplRecordTest, ReadsTagsAndAnyIndex) {
  const std::string record = FromHex(
      "f3899ac20a026b310a026b321201301a15080110001a077b2261223a317d22060a01741201761a0b08ac021a0673"
      "6"
      "5636f6e6408fa0323461f1764fcfdd3cc4e7307d1");
  EXPECT_THAT(UserRecordsOf(record), Optional(ElementsAre("{\"a\":1}", "second")));
}

TEST(KplRecordTest, ARecordWithoutTheFrameIsPlain) {
  const std::string record = KplRecord({"a", "b"});
  ASSERT_THAT(UserRecordsOf(record), Optional(SizeIs(2)));
  EXPECT_FALSE(UserRecordsOf(""));
  EXPECT_FALSE(UserRecordsOf("{\"a\":1}"));
  EXPECT_FALSE(UserRecordsOf(record.substr(1)));
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(UserRecordsOf(record.substr(0, size))) << size;
  }
  EXPECT_FALSE(UserRecordsOf(record + "x"));
}

// It only begins with the magic.
TEST(KplRecordTest, ARecordWithAnotherDigestIsPlain) {
  const std::string record = KplRecord({"a", "b"});
  for (size_t i = 0; i < record.size(); ++i) {
    std::string other = record;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(UserRecordsOf(other)) << i;
  }
}

TEST(KplRecordTest, AFrameAroundSomethingElseIsPlain) {
  for (const std::string& message : {
           std::string(),
           ProtobufBytes(1, "k"),                                          // without a record
           ProtobufBytes(3, kKey),                                         // one without data
           ProtobufBytes(3, ProtobufBytes(3, "data without a key")),       // one without a key
           ProtobufBytes(3, kKey + ProtobufBytes(3, "a") + "\x1A\x05xx"),  // a second one
           ProtobufBytes(3, kKey + "\x1A\x05xx"),                          // data cut short
           ProtobufBytes(3, kKey + ProtobufBytes(3, "a")) + "\x1A\x7F",
           ProtobufBytes(3, kKey + ProtobufBytes(3, "a")) + "\x0B",             // a group
           ProtobufBytes(3, kKey + ProtobufBytes(3, "a")) + std::string(1, 0),  // field 0
           ProtobufBytes(3, kKey + ProtobufBytes(3, "a")) + "\x08",             // no varint
           ProtobufBytes(3, kKey + ProtobufBytes(3, "a")) + "\x08" + std::string(10, '\xFF'),
           ProtobufBytes(3, kKey + ProtobufBytes(3, "a")) + "\x1A" + std::string(9, '\xFF') +
               "\x01",  // a length of 2^64 - 1
           std::string("{\"a\":1}"),
       }) {
    EXPECT_FALSE(UserRecordsOf(KplFrame(message))) << ::testing::PrintToString(message);
  }
}

TEST(KplRecordTest, FieldsOfALaterVersionArePassedOver) {
  const std::string record = kKey + "\x15zzzz" + "\x19zzzzzzzz" + ProtobufBytes(3, "a") +
                             ProtobufBytes(99, "later") + "\xA0\x06\x07";
  EXPECT_THAT(UserRecordsOf(KplFrame(ProtobufBytes(7, "later") + ProtobufBytes(3, record))),
              Optional(ElementsAre("a")));
}

// As protocol buffers say for a field that is not repeated.
TEST(KplRecordTest, OfDataThatStandTwiceTheLastCount) {
  const std::string record = kKey + ProtobufBytes(3, "a") + ProtobufBytes(3, "b");
  EXPECT_THAT(UserRecordsOf(KplFrame(ProtobufBytes(3, record))), Optional(ElementsAre("b")));
}

}  // namespace
}  // namespace sluice
