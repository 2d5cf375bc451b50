// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/redshift_session.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/warehouse/redshift_staging.h"

namespace sluice {
namespace {

class RedshiftWireSession final : public WireSession {
 public:
  RedshiftWireSession(const RedshiftWireOptions& options, std::unique_ptr<PgConnection> connection,
                      Clock& clock)
      : WireSession(options.wire, "BEGIN", std::move(connection)),
        stores_(options.stores),
        staging_(options.stores, options.copy_role, clock) {}

  Status FillRows(const std::string& table, const std::vector<StagedColumn>& columns,
                  const std::vector<SqlRow>& rows) override {
    return staging_.FillRows(*this, table, columns, rows);
  }

  Status FillFiles(const std::string& table, const std::vector<StagedColumn>& columns,
                   std::span<const StagedFile> files) override {
    return staging_.FillFiles(*this, table, columns, files);
  }

  Result<StagedFileFacts> FactsOf(const StagedFile& file) override {
    return FactsOfFile(stores_, file);
  }

 private:
  const StagedStores stores_;
  RedshiftStaging staging_;
};

}  // namespace

Result<std::unique_ptr<ServerSession>> RedshiftWireConnector::Connect() {
  SLUICE_ASSIGN(auto connection, OpenConnection(options_.wire));
  auto session = std::make_unique<RedshiftWireSession>(options_, std::move(connection), clock_);
  SLUICE_TRY(session->Begin("SET query_group TO 'sluice';"));
  return session;
}

}  // namespace sluice
