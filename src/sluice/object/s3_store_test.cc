// SPDX-License-Identifier: Apache-2.0
// What an S3Store does when S3 misbehaves. That it keeps the contract of ObjectStore is tested on
// real servers, in tests/servers/.
#include "sluice/object/s3_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "sluice/aws/checksum.h"
#include "sluice/aws/credentials_for_test.h"
#include "sluice/aws/failure_meanings_for_test.h"
#include "sluice/aws/loopback_server_for_test.h"
#include "sluice/base/base64.h"
#include "sluice/object/s3_failure.h"

namespace sluice {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string ChecksumOf(std::string_view content) {
  const uint64_t crc = Crc64Nvme(content);
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(crc >> shift);
  return ToBase64(bytes);
}

// An S3 that answers each request as `answer` says, and remembers it.
class S3StoreTest : public ::testing::Test {
 protected:
  using Answer = LoopbackServer::Answer;

  static Answer Reply(int status, const std::string& headers, std::string_view body) {
    return {"HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
            "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body)};
  }
  static Answer Refusal(int status, const std::string& code) {
    return Reply(
        status, "x-amz-request-id: r-1\r\n",
        "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>why</Message></Error>");
  }
  static Answer Stored() { return Reply(200, "ETag: \"e-1\"\r\n", ""); }
  // To HEAD.
  static Answer Described(std::string_view content) {
    return {
        "HTTP/1.1 200 OK\r\nETag: \"e-1\"\r\nLast-Modified: Fri, 24 May 2013 00:00:00 GMT\r\n"
        "x-amz-checksum-crc64nvme: " +
        ChecksumOf(content) + "\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n"};
  }
  static Answer Gone() { return {"", true}; }

  std::unique_ptr<S3Store> Open(S3StoreOptions options = {}) {
    options.bucket.bucket = "acme-raw";
    options.bucket.region = "eu-central-1";
    options.bucket.endpoint = server_.endpoint();
    options.prefix = "tracking/";
    return S3Store::Open(options,
                         std::make_shared<FixedCredentials>(AwsCredentials{
                             .access_key_id = "AKID", .secret_access_key = "secret"}),
                         clock_)
        .value();
  }

  static Result<PendingObject::Committed> Put(ObjectStore& store, std::string_view content) {
    SLUICE_ASSIGN(const auto pending, store.Create("k"));
    SLUICE_TRY(pending->Write(content));
    return pending->Commit();
  }

  // The first lines of the requests, without the version.
  std::vector<std::string> Requests() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> lines;
    for (const std::string& request : requests_) {
      lines.push_back(request.substr(0, request.find(" HTTP/1.1")));
    }
    return lines;
  }
  size_t CountOf(std::string_view method) {
    const auto requests = Requests();
    return static_cast<size_t>(std::ranges::count_if(
        requests, [&](const std::string& line) { return line.starts_with(method); }));
  }

  FakeClock clock_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  // Gets a request and how many there were before of its method.
  std::function<Answer(const std::string& request, size_t before)> answer_;
  LoopbackServer server_{[this](const std::string& request) {
    size_t before = 0;
    {
      const std::lock_guard lock(mutex_);
      const std::string method = request.substr(0, request.find(' ') + 1);
      before = static_cast<size_t>(std::ranges::count_if(
          requests_, [&](const std::string& other) { return other.starts_with(method); }));
      requests_.push_back(request);
    }
    return answer_(request, before);
  }};
};

TEST_F(S3StoreTest, APutMakesANewObjectAndCarriesItsChecksum) {
  answer_ = [](const std::string&, size_t) { return Stored(); };
  S3StoreOptions options;
  options.bucket.owner = "111122223333";
  options.bucket.kms_key = "alias/raw";
  const auto put = Put(*Open(options), "content");
  ASSERT_TRUE(put) << put.error().message();
  EXPECT_EQ(put->info.etag, "e-1");
  EXPECT_EQ(put->info.key, "k");
  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_THAT(requests_[0], HasSubstr("PUT /acme-raw/tracking/k HTTP/1.1\r\n"));
  EXPECT_THAT(requests_[0], HasSubstr("If-None-Match: *\r\n"));
  EXPECT_THAT(requests_[0],
              HasSubstr("x-amz-checksum-crc64nvme: " + ChecksumOf("content") + "\r\n"));
  EXPECT_THAT(requests_[0], HasSubstr("x-amz-expected-bucket-owner: 111122223333\r\n"));  // S1
  EXPECT_THAT(requests_[0], HasSubstr("x-amz-server-side-encryption: aws:kms\r\n"));
  EXPECT_THAT(requests_[0],
              HasSubstr("x-amz-server-side-encryption-aws-kms-key-id: alias/raw\r\n"));
}

TEST_F(S3StoreTest, L3_AConflictWithWhatALostAnswerMadeIsNone) {
  answer_ = [](const std::string& request, size_t before) {
    if (request.starts_with("HEAD ")) return Described("content");
    return before == 0 ? Gone() : Refusal(412, "PreconditionFailed");
  };
  const auto put = Put(*Open(), "content");
  ASSERT_TRUE(put) << put.error().message();
  EXPECT_EQ(put->info.etag, "e-1");
  EXPECT_THAT(Requests(), ElementsAre("PUT /acme-raw/tracking/k", "PUT /acme-raw/tracking/k",
                                      "HEAD /acme-raw/tracking/k"));
}

TEST_F(S3StoreTest, L4_OtherContentIsAConflictAndIsNotWrittenOver) {
  answer_ = [](const std::string& request, size_t) {
    return request.starts_with("HEAD ") ? Described("Content") : Refusal(412, "PreconditionFailed");
  };
  const auto put = Put(*Open(), "content");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(CountOf("PUT"), 1U);
}

TEST_F(S3StoreTest, WhatHasNoChecksumIsComparedByItsContent) {
  std::string theirs = "content";
  answer_ = [&](const std::string& request, size_t) {
    if (request.starts_with("HEAD ")) {
      return Answer{
          "HTTP/1.1 200 OK\r\nETag: \"e-2\"\r\nLast-Modified: Fri, 24 May 2013 00:00:00 "
          "GMT\r\nContent-Length: 7\r\n\r\n"};
    }
    if (request.starts_with("GET ")) {
      return Reply(206, "ETag: \"e-2\"\r\nContent-Range: bytes 0-6/7\r\n", theirs);
    }
    return Refusal(412, "PreconditionFailed");
  };
  const auto put = Put(*Open(), "content");
  ASSERT_TRUE(put) << put.error().message();
  EXPECT_TRUE(put->existed);
  theirs = "cOntent";
  EXPECT_EQ(Put(*Open(), "content").error().kind(), ErrorKind::kConflict);
}

TEST_F(S3StoreTest, L5_AConflictOfRequestsIsTriedAgain) {
  answer_ = [](const std::string&, size_t before) {
    return before < 2 ? Refusal(409, "ConditionalRequestConflict") : Stored();
  };
  const auto put = Put(*Open(), "content");
  ASSERT_TRUE(put) << put.error().message();
  EXPECT_FALSE(put->existed);
  EXPECT_EQ(CountOf("PUT"), 3U);
}

TEST_F(S3StoreTest, L6_A200ThatHoldsAnErrorIsNoSuccess) {
  answer_ = [](const std::string& request, size_t) {
    if (request.starts_with("HEAD ")) return Refusal(404, "NoSuchKey");
    if (request.starts_with("GET ")) return Refusal(404, "NoSuchKey");
    return Refusal(200, "InternalError");
  };
  const auto put = Put(*Open(), "content");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kOutcomeUnknown);
  EXPECT_GT(CountOf("PUT"), 1U) << "asked again";
}

// An S3 of multipart uploads, whose Complete answers as it is told.
class S3UploadTest : public S3StoreTest {
 protected:
  S3UploadTest() {
    answer_ = [this](const std::string& request, size_t) -> Answer {
      if (request.starts_with("POST /acme-raw/tracking/k?uploads=")) {
        return Reply(200, "",
                     "<InitiateMultipartUploadResult><UploadId>u&amp;1</UploadId>"
                     "</InitiateMultipartUploadResult>");
      }
      if (request.starts_with("PUT ")) return Stored();
      if (request.starts_with("POST ")) {
        const Answer answer = completes_.front();
        if (completes_.size() > 1) completes_.erase(completes_.begin());
        return answer;
      }
      if (request.starts_with("DELETE ")) return {"HTTP/1.1 204 No Content\r\n\r\n"};
      return head_;
    };
  }

  Result<PendingObject::Committed> PutLarge(std::vector<Answer> completes) {
    completes_ = std::move(completes);
    S3StoreOptions options;
    options.transfer.part_size = KiB(100);
    return Put(*Open(options), content_);
  }
  static Answer Completed() {
    return Reply(200, "",
                 "<CompleteMultipartUploadResult><ETag>\"m-1\"</ETag>"
                 "</CompleteMultipartUploadResult>");
  }

  const std::string content_ = std::string(250 << 10, 'x') + "end";
  std::vector<Answer> completes_;
  Answer head_ = {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"};
};

TEST_F(S3UploadTest, AnObjectOfSeveralPartsIsOneUpload) {
  const auto put = PutLarge({Completed()});
  ASSERT_TRUE(put) << put.error().message();
  EXPECT_EQ(put->info.etag, "m-1");
  EXPECT_EQ(put->info.size.count, content_.size());
  auto requests = Requests();
  std::sort(requests.begin() + 1, requests.begin() + 4);  // parts go side by side
  EXPECT_THAT(requests, ElementsAre("POST /acme-raw/tracking/k?uploads=",
                                    "PUT /acme-raw/tracking/k?partNumber=1&uploadId=u%261",
                                    "PUT /acme-raw/tracking/k?partNumber=2&uploadId=u%261",
                                    "PUT /acme-raw/tracking/k?partNumber=3&uploadId=u%261",
                                    "POST /acme-raw/tracking/k?uploadId=u%261"));
  EXPECT_THAT(requests_.back(), HasSubstr("If-None-Match: *\r\n"));
  EXPECT_THAT(requests_.back(),
              HasSubstr("x-amz-checksum-crc64nvme: " + ChecksumOf(content_) + "\r\n"));
}

TEST_F(S3UploadTest, S1_EveryRequestOfAnUploadNamesTheOwnerAndTheFirstTheKeyOfEncryption) {
  completes_ = {Completed()};
  S3StoreOptions options;
  options.transfer.part_size = KiB(100);
  options.bucket.owner = "111122223333";
  options.bucket.kms_key = "alias/raw";
  ASSERT_TRUE(Put(*Open(options), content_));
  ASSERT_EQ(requests_.size(), 5U);
  EXPECT_THAT(requests_, Each(HasSubstr("x-amz-expected-bucket-owner: 111122223333\r\n")));
  EXPECT_THAT(requests_[0], HasSubstr("x-amz-server-side-encryption: aws:kms\r\n"));
  EXPECT_THAT(requests_[0],
              HasSubstr("x-amz-server-side-encryption-aws-kms-key-id: alias/raw\r\n"));
  // S3 refuses it of parts, which are encrypted as their upload says.
  for (size_t i = 1; i < requests_.size(); ++i) {
    EXPECT_THAT(requests_[i], Not(HasSubstr("server-side-encryption")));
  }
}

TEST_F(S3UploadTest, S1_TheEndOfAnUploadNamesTheOwnerToo) {
  S3StoreOptions options;
  options.transfer.part_size = KiB(100);
  options.bucket.owner = "111122223333";
  const auto store = Open(options);
  ASSERT_TRUE(store->Create("k").value()->Write(content_));
  EXPECT_THAT(requests_.back(), HasSubstr("DELETE /acme-raw/tracking/k?uploadId="));
  EXPECT_THAT(requests_, Each(HasSubstr("x-amz-expected-bucket-owner: 111122223333\r\n")));
}

TEST_F(S3UploadTest, L6_ACompleteThatOnlyLooksWellIsAskedAgain) {
  const std::string whole = "<CompleteMultipartUploadResult><ETag>\"m-1\"</ETag>";
  const std::vector<Answer> bad = {Refusal(200, "InternalError"), Reply(200, "", whole),
                                   Reply(200, "", ""), Reply(200, "", "<html>502</html>")};
  for (const Answer& answer : bad) {
    const auto put = PutLarge({answer, Completed()});
    ASSERT_TRUE(put) << answer.bytes << put.error().message();
    EXPECT_EQ(put->info.etag, "m-1");
    // And where it stays so, nothing is said to be there.
    const auto never = PutLarge({answer});
    ASSERT_FALSE(never) << answer.bytes;
    EXPECT_EQ(never.error().kind(), ErrorKind::kOutcomeUnknown) << answer.bytes;
  }
}

TEST_F(S3UploadTest, AnUploadThatIsGoneAfterALostAnswerHasBecomeTheObject) {
  head_ = Described(content_);
  const auto put = PutLarge({Gone(), Refusal(404, "NoSuchUpload")});
  ASSERT_TRUE(put) << put.error().message();
  EXPECT_EQ(put->info.size.count, content_.size());
}

TEST_F(S3UploadTest, AnUploadThatSomebodyEndedIsBegunAgainByTheCaller) {
  const auto put = PutLarge({Refusal(404, "NoSuchUpload")});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kTransient);
}

TEST_F(S3UploadTest, AnUploadThatMayYetBeCompletedIsNotEnded) {
  const auto put = PutLarge({Gone()});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kOutcomeUnknown);
  EXPECT_EQ(CountOf("DELETE"), 0U);
}

TEST_F(S3UploadTest, WithoutACommitNothingIsLeft) {
  S3StoreOptions options;
  options.transfer.part_size = KiB(100);
  const auto store = Open(options);
  {
    const auto pending = store->Create("k").value();
    ASSERT_TRUE(pending->Write(content_));
  }
  EXPECT_EQ(Requests().back(), "DELETE /acme-raw/tracking/k?uploadId=u%261");
  EXPECT_EQ(CountOf("POST"), 1U) << "begun, not completed";
}

// Lets nobody go on before two have come.
class Meeting {
 public:
  // Whether somebody else came.
  bool Come() {
    std::unique_lock lock(mutex_);
    ++came_;
    changed_.notify_all();
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return came_ >= 2; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int came_ = 0;
};

TEST_F(S3StoreTest, APartIsReadWhileAnotherIsOnItsWay) {
  const std::string content = std::string(100, 'a') + std::string(100, 'b');
  Meeting meeting;
  answer_ = [&](const std::string& request, size_t) {
    if (request.starts_with("HEAD ")) return Described(content);
    if (!meeting.Come()) return Refusal(400, "NobodyElseAsked");
    const bool is_first = request.contains("Range: bytes=0-99\r\n");
    return Reply(206,
                 fmt::format("ETag: \"e-1\"\r\nContent-Range: bytes {}/200\r\n",
                             is_first ? "0-99" : "100-199"),
                 content.substr(is_first ? 0 : 100, 100));
  };
  S3StoreOptions options;
  options.transfer.part_size = {100};
  const auto store = Open(options);
  const auto reader = store->Open("k").value();
  std::string read;
  char buffer[64];
  for (;;) {
    const auto n = reader->Read(buffer);
    ASSERT_TRUE(n) << n.error().message();
    if (*n == 0) break;
    read.append(buffer, *n);
  }
  EXPECT_EQ(read, content);
}

TEST_F(S3UploadTest, APartIsWrittenWhileAnotherIsOnItsWay) {
  Meeting meeting;
  const auto others = answer_;
  answer_ = [&](const std::string& request, size_t before) {
    if (request.starts_with("PUT ") && !meeting.Come()) return Refusal(400, "NobodyElseWrites");
    return others(request, before);
  };
  const auto put = PutLarge({Completed()});
  ASSERT_TRUE(put) << put.error().message();
}

TEST_F(S3StoreTest, T25_ABodyThatIsCutOrOfAnotherRangeIsAskedAgain) {
  const std::string content = "some content";
  const std::string good = "ETag: \"e-1\"\r\nContent-Range: bytes 0-11/12\r\n";
  const std::vector<Answer> bad = {
      {"HTTP/1.1 206 X\r\n" + good + "Content-Length: 12\r\n\r\nsome", true},
      Reply(206, "ETag: \"e-1\"\r\nContent-Range: bytes 0-3/12\r\n", "some"),
      Reply(206, "ETag: \"e-1\"\r\nContent-Range: bytes 1-12/13\r\n", "ome content!"),
      Reply(200, "ETag: \"e-1\"\r\n", "some content and more"),
      Reply(206, "Content-Range: bytes 0-11/12\r\n", content),
  };
  for (const Answer& answer : bad) {
    requests_.clear();
    answer_ = [&](const std::string& request, size_t before) {
      if (request.starts_with("HEAD ")) return Described(content);
      return before == 0 ? answer : Reply(206, good, content);
    };
    const auto store = Open();
    const auto reader = store->Open("k").value();
    char buffer[100];
    const auto n = reader->Read(buffer);
    ASSERT_TRUE(n) << answer.bytes << n.error().message();
    EXPECT_EQ(std::string_view(buffer, *n), content);
    EXPECT_EQ(CountOf("GET"), 2U);
  }
}

TEST_F(S3StoreTest, T25_BytesThatAreNotWhatS3HasFailTheLastRead) {
  answer_ = [](const std::string& request, size_t) {
    if (request.starts_with("HEAD ")) return Described("some content");
    return Reply(206, "ETag: \"e-1\"\r\nContent-Range: bytes 0-11/12\r\n", "sOme content");
  };
  const auto store = Open();
  char buffer[100];
  const auto n = store->Open("k").value()->Read(buffer);
  ASSERT_FALSE(n);
  EXPECT_EQ(n.error().kind(), ErrorKind::kTransient);
}

TEST_F(S3StoreTest, AReaderThatFailedGivesNothingMore) {
  std::string body = "sOme content";
  answer_ = [&](const std::string& request, size_t) {
    if (request.starts_with("HEAD ")) return Described("some content");
    if (body.empty()) return Refusal(403, "AccessDenied");
    return Reply(206, "ETag: \"e-1\"\r\nContent-Range: bytes 0-11/12\r\n", body);
  };
  const auto store = Open();
  for (const char* content : {"sOme content", ""}) {
    body = content;
    const auto reader = store->Open("k").value();
    char buffer[100];
    const auto first = reader->Read(buffer), second = reader->Read(buffer);
    ASSERT_FALSE(first);
    ASSERT_FALSE(second) << "the end, or damaged bytes, behind an error";
    EXPECT_EQ(second.error().message(), first.error().message());
  }
}

TEST_F(S3StoreTest, N7_AnObjectOverwrittenBetweenIsNotReadInAMixture) {
  answer_ = [](const std::string& request, size_t) {
    if (request.starts_with("HEAD ")) return Described("some content");
    return Refusal(412, "PreconditionFailed");
  };
  const auto store = Open();
  char buffer[100];
  EXPECT_EQ(store->Open("k").value()->Read(buffer).error().kind(), ErrorKind::kConflict);
  EXPECT_THAT(requests_.back(), HasSubstr("If-Match: \"e-1\"\r\n"));
  // The answer of a server that does not know If-Match.
  answer_ = [](const std::string& request, size_t) {
    if (request.starts_with("HEAD ")) return Described("some content");
    return Reply(206, "ETag: \"e-2\"\r\nContent-Range: bytes 0-11/12\r\n", "sOme content");
  };
  EXPECT_EQ(store->Open("k").value()->Read(buffer).error().kind(), ErrorKind::kConflict);
}

TEST_F(S3StoreTest, N6_OnlyAKeyThatIsNotThereIsNotFound) {
  std::string code = "NoSuchKey";
  int status = 404;
  answer_ = [&](const std::string& request, size_t) {
    if (request.starts_with("GET ")) return Refusal(status, code);
    return Answer{"HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n"};
  };
  EXPECT_EQ(Open()->Stat("k").error().kind(), ErrorKind::kNotFound);
  status = 404;
  code = "NoSuchBucket";
  EXPECT_EQ(Open()->Stat("k").error().kind(), ErrorKind::kPermanent);
  status = 403;  // what S3 answers about a key that is not there to who may not list
  EXPECT_EQ(Open()->Stat("k").error().kind(), ErrorKind::kPermanent);
  EXPECT_EQ(Open()->Open("k").error().kind(), ErrorKind::kPermanent);
}

TEST_F(S3StoreTest, N6_WhatGetShowsIsNotGoneThoughHeadSaysSo) {
  answer_ = [](const std::string& request, size_t) {
    if (request.starts_with("GET ")) return Reply(206, "ETag: \"e-1\"\r\n", "s");
    return Answer{"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"};
  };
  EXPECT_EQ(Open()->Stat("k").error().kind(), ErrorKind::kTransient);
}

TEST_F(S3StoreTest, S2_ARedirectIsNotFollowed) {
  answer_ = [&](const std::string&, size_t) {
    return Reply(301, "Location: http://169.254.169.254/\r\nx-amz-bucket-region: us-west-2\r\n",
                 "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message>"
                 "<Endpoint>169.254.169.254</Endpoint></Error>");
  };
  const auto put = Put(*Open(), "content");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(put.error().message(), HasSubstr("the bucket is in region us-west-2"));
  EXPECT_EQ(requests_.size(), 1U);
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(S3StoreTest, AListingLeavesOutWhatIsNoKeyAndReadsEncodedOnes) {
  answer_ = [&](const std::string&, size_t) {
    return Reply(200, "",
                 "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
                 "<Contents><Key>tracking/a%20b+c%2B%C3%A9</Key><Size>3</Size><ETag>\"e\"</ETag>"
                 "<LastModified>2026-11-23T14:15:02.000Z</LastModified></Contents>"
                 "<Contents><Key>tracking/d//part</Key><Size>3</Size>"
                 "<LastModified>2026-11-23T14:15:02.000Z</LastModified></Contents>"
                 "<Contents><Key>tracking/e/</Key><Size>3</Size>"
                 "<LastModified>2026-11-23T14:15:02.000Z</LastModified></Contents>"
                 "<Contents><Key>tracking/folder/</Key><Size>0</Size>"
                 "<LastModified>2026-11-23T14:15:02.000Z</LastModified></Contents>"
                 "</ListBucketResult>");
  };
  const auto page = Open()->List("", "", 1000);
  ASSERT_TRUE(page) << page.error().message();
  ASSERT_EQ(page->objects.size(), 1U);
  EXPECT_EQ(page->without_key, 2U);
  EXPECT_EQ(page->objects[0].key, "a b c+\xC3\xA9");
  EXPECT_EQ(page->objects[0].etag, "e");
  EXPECT_EQ(page->next, "folder/");
}

TEST_F(S3StoreTest, AListingOfAnotherPrefixIsRefused) {
  answer_ = [&](const std::string&, size_t) {
    return Reply(200, "",
                 "<ListBucketResult><Contents><Key>other/x</Key><Size>3</Size>"
                 "<LastModified>2026-11-23T14:15:02Z</LastModified></Contents>"
                 "</ListBucketResult>");
  };
  EXPECT_EQ(Open()->List("", "", 1000).error().kind(), ErrorKind::kPermanent);
}

TEST_F(S3StoreTest, UploadsOfTheDeadAreEndedBelowThePrefixOnly) {
  answer_ = [&](const std::string& request, size_t) {
    if (request.starts_with("DELETE ")) return Answer{"HTTP/1.1 204 No Content\r\n\r\n"};
    const auto upload = [](const std::string& key, const std::string& time) {
      return "<Upload><Key>" + key + "</Key><UploadId>u</UploadId><Initiated>" + time +
             "</Initiated></Upload>";
    };
    return Reply(200, "",
                 "<ListMultipartUploadsResult>" + upload("tracking/old", "2023-11-01T00:00:00Z") +
                     upload("tracking/young", "2023-11-14T22:00:00Z") +
                     upload("other/old", "2023-11-01T00:00:00Z") + "</ListMultipartUploadsResult>");
  };
  const auto ended = Open()->AbortUploads(clock_.Now() - std::chrono::hours(24));
  EXPECT_EQ(ended, 1U);
  EXPECT_THAT(Requests(),
              ElementsAre("GET /acme-raw/?uploads=&encoding-type=url&prefix=tracking%2F",
                          "DELETE /acme-raw/tracking/old?uploadId=u"));
}

TEST_F(S3StoreTest, S1_EveryRequestThatReadsListsOrRemovesNamesTheOwner) {
  std::string_view there = "content";
  answer_ = [&](const std::string& request, size_t) {
    if (request.starts_with("DELETE ")) return Answer{"HTTP/1.1 204 No Content\r\n\r\n"};
    if (request.contains("?uploads=")) {
      return Reply(200, "",
                   "<ListMultipartUploadsResult><Upload><Key>tracking/k</Key><UploadId>u</UploadId>"
                   "<Initiated>2023-11-01T00:00:00Z</Initiated></Upload>"
                   "</ListMultipartUploadsResult>");
    }
    if (request.contains("?encoding-type=")) return Reply(200, "", "<ListBucketResult/>");
    if (there.empty()) return Reply(404, "", "");
    if (request.starts_with("HEAD ")) return Described(there);
    return Reply(206, "ETag: \"e-1\"\r\nContent-Range: bytes 0-6/7\r\n", there);
  };
  S3StoreOptions options;
  options.bucket.owner = "111122223333";
  const auto store = Open(options);
  char buffer[100];
  EXPECT_TRUE(store->Open("k").value()->Read(buffer));
  EXPECT_TRUE(store->List("", "", 1000));
  EXPECT_TRUE(store->AbortUploads(clock_.Now()));
  EXPECT_TRUE(store->Remove("k"));
  there = "";
  EXPECT_EQ(store->Stat("k").error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(Requests(),
              ElementsAre("HEAD /acme-raw/tracking/k", "GET /acme-raw/tracking/k",
                          StartsWith("GET /acme-raw/?encoding-type=url&list-type=2"),
                          StartsWith("GET /acme-raw/?uploads="),
                          "DELETE /acme-raw/tracking/k?uploadId=u", "DELETE /acme-raw/tracking/k",
                          "HEAD /acme-raw/tracking/k", "GET /acme-raw/tracking/k"));
  EXPECT_THAT(requests_, Each(HasSubstr("x-amz-expected-bucket-owner: 111122223333\r\n")));
}

TEST_F(S3StoreTest, AMessageNeverHoldsTheSignature) {
  answer_ = [&](const std::string&, size_t) { return Refusal(403, "SignatureDoesNotMatch"); };
  const auto put = Put(*Open(), "content");
  ASSERT_FALSE(put);
  EXPECT_THAT(put.error().message(), Not(HasSubstr("Signature=")));
  EXPECT_THAT(put.error().message(), Not(HasSubstr("AKID")));
}

TEST(S3FailuresTest, OfWhatIsNotThereWasThereBeforeOrCameDamagedAreNotPermanent) {
  ExpectMeanings(S3Failures(), {{"BadDigest", ErrorKind::kTransient},
                                {"BadRequest", ErrorKind::kTransient},
                                {"ConditionalRequestConflict", ErrorKind::kTransient},
                                {"NoSuchKey", ErrorKind::kNotFound},
                                {"NoSuchUpload", ErrorKind::kNotFound},
                                {"NoSuchVersion", ErrorKind::kNotFound},
                                {"NotFound", ErrorKind::kNotFound},
                                {"OperationAborted", ErrorKind::kTransient},
                                {"PreconditionFailed", ErrorKind::kConflict},
                                {"XAmzContentChecksumMismatch", ErrorKind::kTransient},
                                {"XAmzContentSHA256Mismatch", ErrorKind::kTransient}});
}

}  // namespace
}  // namespace sluice
