// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/pg_login.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

class FetchedLoginTest : public ::testing::Test {
 protected:
  std::string kept_ = "one";  // empty: it cannot be fetched
  int fetched_ = 0;
  FetchedLogin login_{"sluice", [this]() -> Result<PgLogin> {
                        ++fetched_;
                        if (kept_.empty()) return Fail(ErrorKind::kTransient, "not now");
                        return PgLogin{"other", kept_, "other"};
                      }};
};

TEST_F(FetchedLoginTest, AsksOnceForManyConnections) {
  EXPECT_EQ(fetched_, 0) << "nobody connects yet";
  for (int i = 0; i < 3; ++i) {
    const auto login = login_.Get();
    ASSERT_TRUE(login);
    EXPECT_EQ(login->user, "sluice");
    EXPECT_EQ(login->password, "one");
    EXPECT_EQ(login->password_of, "other");
  }
  EXPECT_EQ(fetched_, 1);
}

TEST_F(FetchedLoginTest, C18_AsksAgainForWhatWasRefused) {
  const PgLogin old = *login_.Get();
  kept_ = "two";
  EXPECT_EQ(login_.Get()->password, "one") << "it is good until it is refused";
  EXPECT_EQ(login_.InPlaceOf(old)->password, "two");
  EXPECT_EQ(login_.Get()->password, "two");
  EXPECT_EQ(fetched_, 2);
  // Another connection was refused with the old one at the same time.
  EXPECT_EQ(login_.InPlaceOf(old)->password, "two");
  EXPECT_EQ(fetched_, 2);
}

TEST_F(FetchedLoginTest, WhatCannotBeFetchedIsAskedForAgain) {
  kept_ = "";
  EXPECT_EQ(login_.Get().error().kind(), ErrorKind::kTransient);
  kept_ = "one";
  const auto login = login_.Get();
  ASSERT_TRUE(login);
  kept_ = "";
  EXPECT_FALSE(login_.InPlaceOf(*login));
  kept_ = "two";
  EXPECT_EQ(login_.InPlaceOf(*login)->password, "two");
}

}  // namespace
}  // namespace sluice
