// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sluice/base/hash.h"
#include "sluice/base/unique_id.h"
#include "sluice/warehouse/probe_asks.h"
#include "sluice/warehouse/probe_sample.h"
#include "sluice/warehouse/redshift_staging.h"
#include "sluice/warehouse/server_warehouse.h"
#include "sluice/warehouse/stage_sql.h"

namespace sluice {

namespace {

constexpr SampleRow kFullRow = {1, "h\u00e9llo", true};
// So many that the pages of their ids are smaller when compressed: else they would not be.
constexpr int64_t kCompressedRows = 500;

// A file with every type into a temporary table, and what is not as it was sent.
Result<ProbeFound> AskTypes(ProbeTalk& talk, Codec codec) {
  const std::string stage = fmt::format("sluice_probe_{}", Name(codec));
  const std::vector<StagedColumn> columns = StagedColumns(talk.tables().tables[0]);
  std::vector<SampleRow> sent(kCompressedRows, kFullRow);
  for (size_t i = 0; i < sent.size(); ++i) sent[i].id = static_cast<int64_t>(i) + kFullRow.id;
  SLUICE_ASSIGN(const std::string bytes, SampleFile(7, sent, codec));
  SLUICE_ASSIGN(const std::string key, talk.Put(fmt::format("{}.parquet", Name(codec)), bytes));
  SLUICE_ASSIGN(const auto session, talk.Connect());
  SLUICE_TRY(session->Run("make", CreateStageSql(talk.names(), stage, columns)));
  const StagedFile file{.key = key};
  SLUICE_TRY(session->FillFiles(stage, columns, {&file, 1}));
  SLUICE_ASSIGN(const auto rows,
                session->Query("read", ReadSampleSql(talk.names().dialect, talk.names().Temp(stage),
                                                     1, true)));
  const std::string differences = SampleDifferences(kFullRow, rows);
  return Found(differences.empty(), differences.empty() ? "every value" : differences);
}

}  // namespace

Result<ProbeFound> AskSnappy(ProbeTalk& talk) {
  return AskTypes(talk, Codec::kSnappy);
}
Result<ProbeFound> AskZstd(ProbeTalk& talk) {
  const auto found = AskTypes(talk, Codec::kZstd);
  const bool is_wrong = found ? !found->verdict : !IsNoAnswer(found.error());
  if (!is_wrong || talk.target().compression != Codec::kZstd) return found;
  return ProbeFound{found ? found->text : found.error().message(), ProbeVerdict::kDoNotLoad,
                    "this pipeline's parquet.compression is zstd: make it snappy"};
}

namespace {

// COPY of one text into VARCHAR(4); answers what is there then.
Result<std::string> CopyText(ProbeTalk& talk, ServerSession& session, const std::string& name,
                             std::string_view text) {
  const std::string table = "sluice_probe_" + name;
  const std::vector<StagedColumn> columns = {
      {"text", {.kind = TypeKind::kVarchar, .length = 4}, false}};
  SLUICE_ASSIGN(const std::string bytes, TextFile(text));
  SLUICE_ASSIGN(const std::string key, talk.Put(name + ".parquet", bytes));
  SLUICE_TRY(session.Run("make", CreateStageSql(talk.names(), table, columns)));
  const StagedFile file{.key = key};
  SLUICE_TRY(session.FillFiles(table, columns, {&file, 1}));
  SLUICE_ASSIGN(const auto rows, session.Query("read", "SELECT text FROM " + table));
  return First(rows);
}

constexpr std::string_view kFits = "\u00e9\u00e9", kTooLong = "\u00e9\u00e9\u00e9";

}  // namespace

Result<ProbeFound> AskBytes(ProbeTalk& talk) {
  SLUICE_ASSIGN(const auto session, talk.Connect());
  SLUICE_ASSIGN(const std::string fits, CopyText(talk, *session, "fits", kFits));
  if (fits != kFits) return Found(false, "four bytes became " + fits);
  const auto kept = CopyText(talk, *session, "too_long", kTooLong);
  if (!kept && IsNoAnswer(kept.error())) return std::unexpected(kept.error());
  if (!kept) return Found(true, "refused: " + kept.error().message());
  if (*kept != kTooLong) return Found(false, "six bytes became " + *kept);
  return ProbeFound{"six bytes were taken whole", ProbeVerdict::kHarmless,
                    "the warehouse takes more than transform lets through"};
}

Result<ProbeFound> AskLoadError(ProbeTalk& talk) {
  SLUICE_ASSIGN(const auto session, talk.Connect());
  const auto kept = CopyText(talk, *session, "load_error", kTooLong);
  if (kept) return Found(false, "no error");
  const Error& error = kept.error();
  if (IsNoAnswer(error)) return std::unexpected(error);
  if (error.kind() != ErrorKind::kBadData) {
    return ProbeFound{error.message(), ProbeVerdict::kHarmless,
                      "nothing of it is loaded; but it is not known for a fault of the file, so "
                      "that one such object stops the others: these words belong into "
                      "redshift_words.cc"};
  }
  return Found(error.message().contains("column=text"), error.message());
}

namespace {

// COPY by a manifest that is right must work, and by one that `spoil` has changed must not.
Result<ProbeFound> AskManifest(ProbeTalk& talk, const std::string& name,
                               void (*spoil)(RedshiftStaging::Entry& entry)) {
  const std::vector<StagedColumn> columns = StagedColumns(talk.tables().tables[0]);
  const ProbeTarget& target = talk.target();
  RedshiftStaging staging({&target.parquet, nullptr}, target.copy_role, target.clock);
  SLUICE_ASSIGN(const std::string bytes, SampleFile(7, {&kFullRow, 1}, Codec::kSnappy));
  SLUICE_ASSIGN(const std::string key, talk.Put(name + ".parquet", bytes));
  SLUICE_ASSIGN(const auto session, talk.Connect());
  // The inner answer is the COPY's.
  const auto copy = [&](const std::string& table,
                        const std::vector<RedshiftStaging::Entry>& entries) -> Result<Status> {
    SLUICE_TRY(session->Run("make", CreateStageSql(talk.names(), table, columns)));
    SLUICE_ASSIGN(const std::string sql, staging.Manifest(table, columns, entries));
    return session->Run("copy", sql);
  };
  const RedshiftStaging::Entry right = {target.parquet.uri() + key, bytes.size()};
  SLUICE_ASSIGN(const Status worked, copy("sluice_probe_right", {right}));
  SLUICE_TRY(worked);
  RedshiftStaging::Entry wrong = right;
  spoil(wrong);
  // A file is named once.
  SLUICE_ASSIGN(const Status copied, wrong.url == right.url
                                         ? copy("sluice_probe_wrong", {wrong})
                                         : copy("sluice_probe_wrong", {right, wrong}));
  if (!copied && IsNoAnswer(copied.error())) return std::unexpected(copied.error());
  if (!copied) return Found(true, "refused: " + copied.error().message());
  SLUICE_ASSIGN(const auto rows,
                session->Query("count", CountSql("sluice_probe_wrong", "\"id\" > 0")));
  return Found(false, First(rows) + " rows were loaded");
}

}  // namespace

Result<ProbeFound> AskLength(ProbeTalk& talk) {
  return AskManifest(talk, "length", [](RedshiftStaging::Entry& entry) { ++entry.size; });
}
Result<ProbeFound> AskMissing(ProbeTalk& talk) {
  return AskManifest(talk, "missing",
                     [](RedshiftStaging::Entry& entry) { entry.url += ".is-not-there"; });
}

namespace {

// ServerWarehouse wants a connector of its own.
class TalkConnector final : public ServerConnector {
 public:
  explicit TalkConnector(ProbeTalk& talk) : talk_(talk) {}
  Result<std::unique_ptr<ServerSession>> Connect() override { return talk_.Connect(); }

 private:
  ProbeTalk& talk_;
};

// Its file is that of both tables.
PlannedObject ObjectOf(const ProbeTalk& talk, const std::string& key, std::string_view bytes,
                       int64_t id, uint64_t rows) {
  const Timestamp time = FromIso8601(kSampleTime).value();
  const auto of = [&](size_t table) {
    return PlannedTable{
        .table = table, .parquet = key, .routed = rows, .min_time = time, .max_time = time};
  };
  return {.object = id,
          .identity = talk.target().parquet.uri() + key,
          .store = talk.target().parquet.uri(),
          .raw_key = key,
          .content = ToHex(Sha256Of(bytes)),
          .version = 1,
          .revision = "probe",
          .lines = 2 * rows,
          .quarantine = {},
          .tables = {of(0), of(1)}};
}

}  // namespace

Result<ProbeFound> AskLoad(ProbeTalk& talk) {
  const std::array<SampleRow, 3> rows = {
      {kFullRow, {2, "two", false}, {1, "another", true}}};  // the last one has a key twice
  constexpr int64_t kObject = 7;
  SLUICE_ASSIGN(const std::string bytes, SampleFile(kObject, rows, Codec::kSnappy));
  SLUICE_ASSIGN(const std::string key, talk.Put("load.parquet", bytes));
  ServerWarehouse warehouse(std::make_unique<TalkConnector>(talk), talk.names(), talk.tables(),
                            talk.target().clock);
  LoadPlan plan{.batch = {}, .objects = {ObjectOf(talk, key, bytes, kObject, rows.size())}};
  std::vector<ObjectOutcome> outcomes;
  for (int time = 0; time < 2; ++time) {
    plan.batch = MakeUniqueId(talk.target().clock.Now());
    SLUICE_ASSIGN(const auto staged, warehouse.Stage(plan));
    SLUICE_ASSIGN(const auto outcome, staged->Commit());
    outcomes.insert(outcomes.end(), outcome.begin(), outcome.end());
  }
  SLUICE_ASSIGN(const std::vector<TableBalance> balance, warehouse.Balance());
  const Table& table = talk.tables().tables[0];
  const Table& keyless = talk.tables().tables[1];
  const auto of = std::ranges::find(balance, table.name(), &TableBalance::table);
  if (of == balance.end()) return Found(false, "the ledger has none of the table");
  SLUICE_ASSIGN(const std::string there,
                Count(talk, talk.names().Target(table.schema), "\"id\" > 0"));
  SLUICE_ASSIGN(const std::string all,
                Count(talk, talk.names().Target(keyless.schema), "\"id\" > 0"));
  SLUICE_ASSIGN(const auto session, talk.Connect());
  SLUICE_ASSIGN(const auto full,
                session->Query("read", ReadSampleSql(talk.names().dialect,
                                                     talk.names().Target(table.schema), 1, false)));
  const std::string differences = SampleDifferences(kFullRow, full);
  const bool is_known = outcomes.size() == 2 && outcomes[0].state == ObjectState::kLoaded &&
                        outcomes[1].batch == outcomes[0].batch && !outcomes[0].batch.empty();
  const bool is_right =
      of->objects == 1 && of->loaded == 2 && of->duplicates == 1 && of->differing == 1;
  std::string text = fmt::format(
      "{} rows, without a key {}; of the ledger: loaded={} duplicates={} differing={}; the second "
      "time it was {}",
      there, all, of->loaded, of->duplicates, of->differing, is_known ? "known" : "not known");
  if (!differences.empty()) text += "; " + differences;
  return Found(is_known && is_right && there == "2" && all == "3" && differences.empty(), text);
}

Result<ProbeFound> AskToken(ProbeTalk& talk) {
  DataApiClient& client = *talk.target().data_api;
  Clock& clock = talk.target().clock;
  const std::string sql = InsertSql(talk.rows(), 111);
  const auto submit = [&](const std::string& token) -> Result<std::string> {
    talk.Note(fmt::format("{} (ClientToken {})", sql, token));
    SLUICE_ASSIGN(const std::string id,
                  client.Submit({&sql, 1}, token, DataApiClient::Session::kNone));
    SLUICE_ASSIGN(const auto ended,
                  client.Wait(id, clock.Monotonic() + std::chrono::minutes(1), {}));
    if (!ended) return Fail(ErrorKind::kTransient, "no answer in a minute: statement={}", id);
    if (ended->status != "FINISHED") {
      return Fail(ErrorKind::kPermanent, "{}: {}", ended->status, ended->error);
    }
    return id;
  };
  const std::string token = MakeUniqueId(clock.Now());
  SLUICE_ASSIGN(const std::string first, submit(token));
  SLUICE_ASSIGN(const std::string again, submit(token));
  SLUICE_ASSIGN(const std::string other, submit(MakeUniqueId(clock.Now())));
  SLUICE_ASSIGN(const std::string count, Count(talk, talk.rows(), "id = 111"));
  return Found(first == again && first != other && count == "2",
               fmt::format("the repeated one has {} id, the other one {}; {} rows",
                           first == again ? "the same" : "another",
                           first == other ? "the same" : "another", count));
}

}  // namespace sluice
