// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/memory_outputs.h"

#include <utility>

namespace sluice {
namespace {

class MemoryObject : public PendingObject {
 public:
  MemoryObject(std::map<std::string, std::string>& files, std::string name)
      : files_(files), name_(std::move(name)) {}

  Status Write(std::string_view data) override {
    content_.append(data);
    return {};
  }

  Result<Committed> Commit() override {
    const Bytes size{content_.size()};
    if (!files_.emplace(name_, std::move(content_)).second)
      return Fail(ErrorKind::kConflict, "{} was committed before", name_);
    return Committed{.info = {.key = name_, .size = size}};
  }

 private:
  std::map<std::string, std::string>& files_;
  const std::string name_;
  std::string content_;
};

}  // namespace

Result<std::unique_ptr<PendingObject>> MemoryOutputs::OpenTable(size_t table) {
  return std::make_unique<MemoryObject>(files_, tables_.tables[table].name());
}

Result<std::unique_ptr<PendingObject>> MemoryOutputs::OpenQuarantine() {
  return std::make_unique<MemoryObject>(files_, "*");
}

}  // namespace sluice
