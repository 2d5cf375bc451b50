// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "sluice/base/clock.h"
#include "sluice/base/unique_id.h"
#include "sluice/config/load_config.h"

namespace sluice {

// A folder with configurations and DDL, gone at the end of the test.
class ConfigFolderTest : public ::testing::Test {
 protected:
  ConfigFolderTest() : folder_(::testing::TempDir() + MakeUniqueId(SystemClock().Now())) {
    std::filesystem::create_directories(folder_ + "/schema");
    Write("schema/events.sql",
          "CREATE TABLE tracking.events (\n  id CHAR(36) NOT NULL,\n  at TIMESTAMP NOT NULL,\n"
          "  page_url VARCHAR(100),\n  created TIMESTAMP,\n  extra SUPER)");
    Write("schema/utm.sql",
          "CREATE TABLE tracking.utm (id CHAR(36) NOT NULL, source TEXT NOT NULL)");
  }
  ~ConfigFolderTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
  }

  Result<PipelineConfig> Load(const std::string& yaml,
                              const ConfigOverrides& overrides = {}) const {
    Write("sluice.yaml", yaml);
    const LocalSecretSource secrets(Environment{{"TOKEN", "hunter2"}});
    return LoadConfig(folder_ + "/sluice.yaml", secrets, overrides);
  }

  // All problems, with FOLDER in place of the folder's path.
  std::string ProblemsOf(const std::string& yaml, const ConfigOverrides& overrides = {}) const {
    const auto config = Load(yaml, overrides);
    if (config) return "";
    EXPECT_EQ(config.error().kind(), ErrorKind::kPermanent);
    std::string text = config.error().message();
    for (size_t at; (at = text.find(folder_)) != std::string::npos;) {
      text.replace(at, folder_.size(), "FOLDER");
    }
    return text;
  }

  // A configuration that has what is required, and `more`, which begins on line 3.
  static std::string Minimal(const std::string& more = "") {
    return "name: test\ntables: [{ddl: schema/utm.sql, when: any, unique: [id]}]\n" + more;
  }

  const std::string folder_;
};

}  // namespace sluice
