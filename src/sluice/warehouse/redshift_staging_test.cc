// SPDX-License-Identifier: Apache-2.0
// What is written for COPY to read, into a directory in place of a bucket.
#include "sluice/warehouse/redshift_staging.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "sluice/object/directory_store.h"
#include "sluice/object/read_object.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

class SilentSession : public SqlSession {
 public:
  Status Run(std::string_view, const std::string&) override {
    ++statements;
    return {};
  }
  Result<std::vector<TextRow>> Query(std::string_view, const std::string&) override { return {}; }
  Result<std::vector<TextRow>> Transact(std::span<const SqlStatement>,
                                        const std::optional<std::string>&) override {
    return {};
  }

  int statements = 0;
};

class RedshiftStagingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    store_ = std::move(*DirectoryStore::At(folder_));
    staging_.emplace(StagedStores{store_.get(), store_.get()},
                     std::vector<std::string>{"arn:aws:iam::111111111111:role/r"}, clock_);
    // The rows stand in a file then, which can be named again.
    ASSERT_TRUE(staging_->FillRows(session_, "rows", columns_, {{int64_t{1}}, {int64_t{2}}}));
  }
  void TearDown() override {
    staging_.reset();
    EXPECT_TRUE(store_->List("", "", 10)->objects.empty());
    std::filesystem::remove_all(folder_);
  }

  StagedFile FileOfTheRows() { return {StagedFile::Store::kParquet, KeyThatEnds("rows.parquet")}; }
  std::string KeyThatEnds(std::string_view ending) {
    const auto page = store_->List("", "", 10);
    for (const ObjectInfo& object : page->objects) {
      if (object.key.ends_with(ending)) return object.key;
    }
    ADD_FAILURE() << "nothing ends in " << ending;
    return {};
  }
  std::string Manifest(std::string_view table) {
    return *ReadObject(*store_, KeyThatEnds(std::string(table) + ".manifest"), 65'536);
  }

  std::string folder_ = ::testing::TempDir() + "sluice-staging-XXXXXX";
  FakeClock clock_;
  SilentSession session_;
  const std::vector<StagedColumn> columns_ = {{"n", {.kind = TypeKind::kBigInt}, true}};
  std::unique_ptr<DirectoryStore> store_;
  std::optional<RedshiftStaging> staging_;
};

// A file that is missing would else be left out without a word.
TEST_F(RedshiftStagingTest, C7_EveryFileOfAManifestIsMandatory) {
  const std::vector<StagedFile> files = {FileOfTheRows()};
  ASSERT_TRUE(staging_->FillFiles(session_, "files", columns_, files));
  for (const char* const table : {"rows", "files"}) {
    EXPECT_THAT(Manifest(table), HasSubstr("rows.parquet\",\"mandatory\":true,\"meta\""));
  }
}

TEST_F(RedshiftStagingTest, C8_TheLengthInAManifestIsTheStoredObjects) {
  const StagedFile file = FileOfTheRows();
  ASSERT_TRUE(staging_->FillFiles(session_, "files", columns_, std::vector{file}));
  const uint64_t size = store_->Stat(file.key)->size.count;
  EXPECT_THAT(Manifest("files"), HasSubstr(fmt::format("{{\"content_length\":{}}}", size)));
}

// COPY of a file that is shorter than its manifest says would fail with a message that says
// nothing.
TEST_F(RedshiftStagingTest, C8_AFileThatWasCutFailsBeforeItsCopy) {
  const StagedFile file = FileOfTheRows();
  const std::string bytes = *ReadObject(*store_, file.key, 65'536);
  ASSERT_TRUE(store_->Remove(file.key));
  const auto cut = store_->Create(file.key).value();
  ASSERT_TRUE(cut->Write(bytes.substr(0, bytes.size() - 1)));
  ASSERT_TRUE(cut->Commit());
  session_.statements = 0;
  const Status staged = staging_->FillFiles(session_, "files", columns_, std::vector{file});
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(session_.statements, 0);
}

TEST_F(RedshiftStagingTest, AFileThatIsNamedTwiceIsRefused) {
  const std::vector<StagedFile> files = {FileOfTheRows(), FileOfTheRows()};
  const Status staged = staging_->FillFiles(session_, "files", columns_, files);
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().kind(), ErrorKind::kPermanent);
  EXPECT_THAT(staged.error().message(), HasSubstr("named twice"));
}

}  // namespace
}  // namespace sluice
