// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_WITH_DUCKDB

#include "sluice/warehouse/duckdb_library.h"
#include "sluice/warehouse/duckdb_session.h"

// What a build without DuckDB has in place of duckdb_session.cc: it opens nothing.
namespace sluice {

struct DuckDbApi {};

DuckDbEngine::DuckDbEngine(std::unique_ptr<DuckDbApi> api, std::string spill_folder)
    : api_(std::move(api)), spill_folder_(std::move(spill_folder)) {}
bool DuckDbEngine::HasSpilled() const {
  return false;
}
DuckDbEngine::~DuckDbEngine() = default;
void DuckDbEngine::Stop() {}
Result<std::shared_ptr<DuckDbEngine>> DuckDbEngine::Start(const DuckDbEngineOptions&) {
  return std::unexpected(LoadDuckDbLibrary().error());
}

class DuckDbSession::Impl {};

Result<std::unique_ptr<DuckDbSession>> DuckDbSession::Open(const DuckDbSessionOptions&) {
  return std::unexpected(LoadDuckDbLibrary().error());
}
Result<std::vector<TextRow>> DuckDbSession::Query(std::string_view, const std::string&) {
  return std::vector<TextRow>();
}
Status DuckDbSession::Run(std::string_view, const std::string&) {
  return {};
}
Status DuckDbSession::Commit() {
  return {};
}
Status DuckDbSession::Undo() {
  return {};
}
Status DuckDbSession::Append(std::string_view, const std::string&, const std::vector<SqlRow>&) {
  return {};
}

DuckDbSession::DuckDbSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DuckDbSession::~DuckDbSession() = default;

}  // namespace sluice

#endif
