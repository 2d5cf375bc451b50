// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/duckdb_session.h"

#include "sluice/warehouse/duckdb_library.h"

#ifdef SLUICE_WITH_DUCKDB

#include <dlfcn.h>
#include <duckdb.h>
#include <fmt/format.h>

#include <filesystem>
#include <tuple>
#include <utility>

#include "sluice/warehouse/interrupter.h"
#include "sluice/warehouse/sql_text.h"

namespace sluice {

// The functions of DuckDB's C API that sluice calls.
#define SLUICE_DUCKDB_FUNCTIONS(X) \
  X(duckdb_append_int64)           \
  X(duckdb_append_null)            \
  X(duckdb_append_varchar_length)  \
  X(duckdb_appender_close)         \
  X(duckdb_appender_create_ext)    \
  X(duckdb_appender_destroy)       \
  X(duckdb_appender_end_row)       \
  X(duckdb_appender_error)         \
  X(duckdb_close)                  \
  X(duckdb_column_count)           \
  X(duckdb_column_type)            \
  X(duckdb_connect)                \
  X(duckdb_create_config)          \
  X(duckdb_data_chunk_get_size)    \
  X(duckdb_data_chunk_get_vector)  \
  X(duckdb_destroy_config)         \
  X(duckdb_destroy_data_chunk)     \
  X(duckdb_destroy_result)         \
  X(duckdb_disconnect)             \
  X(duckdb_fetch_chunk)            \
  X(duckdb_free)                   \
  X(duckdb_interrupt)              \
  X(duckdb_open_ext)               \
  X(duckdb_query)                  \
  X(duckdb_result_error)           \
  X(duckdb_result_error_type)      \
  X(duckdb_set_config)             \
  X(duckdb_string_t_data)          \
  X(duckdb_string_t_length)        \
  X(duckdb_validity_row_is_valid)  \
  X(duckdb_vector_get_data)        \
  X(duckdb_vector_get_validity)

// Found in the library when it is first needed.
struct DuckDbApi {
#define SLUICE_DECLARE(name) decltype(&::name) name = nullptr;
  SLUICE_DUCKDB_FUNCTIONS(SLUICE_DECLARE)
#undef SLUICE_DECLARE

  static Result<DuckDbApi> Load();
};

Result<DuckDbApi> DuckDbApi::Load() {
  SLUICE_ASSIGN(void* const library, LoadDuckDbLibrary());
  DuckDbApi api;
  const char* missing = nullptr;
#define SLUICE_FIND(name)                                                  \
  api.name = reinterpret_cast<decltype(&::name)>(::dlsym(library, #name)); \
  if (api.name == nullptr) missing = #name;
  SLUICE_DUCKDB_FUNCTIONS(SLUICE_FIND)
#undef SLUICE_FIND
  if (missing == nullptr) return api;
  return Fail(ErrorKind::kPermanent, "the DuckDB library is too old or too new: it lacks {}",
              missing);
}

namespace {

// The first line says what is wrong; the others show the statement.
std::string FirstLine(const char* text) {
  const std::string_view message = text != nullptr ? text : "no message";
  return std::string(message.substr(0, message.find('\n')));
}

ErrorKind KindOf(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_INVALID:  // what reading a damaged footer throws
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_MISMATCH_TYPE:
    case DUCKDB_ERROR_INVALID_TYPE:
    case DUCKDB_ERROR_CONSTRAINT:
    case DUCKDB_ERROR_INVALID_INPUT:
      return ErrorKind::kBadData;
    case DUCKDB_ERROR_INTERRUPT:
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_TRANSACTION:
      return ErrorKind::kTransient;
    default:
      return ErrorKind::kPermanent;
  }
}

bool IsHeldByAnother(std::string_view message) {
  return message.find("Could not set lock on file") != std::string_view::npos;
}

}  // namespace

DuckDbEngine::DuckDbEngine(std::unique_ptr<DuckDbApi> api, std::string spill_folder)
    : api_(std::move(api)), spill_folder_(std::move(spill_folder)) {}

DuckDbEngine::~DuckDbEngine() {
  Stop();
}

bool DuckDbEngine::HasSpilled() const {
  std::error_code error;
  return std::filesystem::exists(spill_folder_, error);
}

void DuckDbEngine::Stop() {
  if (database_ != nullptr) api_->duckdb_close(&database_);
}

Result<std::shared_ptr<DuckDbEngine>> DuckDbEngine::Start(const DuckDbEngineOptions& options) {
  SLUICE_ASSIGN(const DuckDbApi api, DuckDbApi::Load());
  std::shared_ptr<DuckDbEngine> engine(
      new DuckDbEngine(std::make_unique<DuckDbApi>(api), options.spill_folder));
  SLUICE_TRY(engine->Open(options));
  return engine;
}

Status DuckDbEngine::Open(const DuckDbEngineOptions& options) {
  duckdb_config config = nullptr;
  api_->duckdb_create_config(&config);
  const auto set = [&](const char* name, const std::string& value) {
    return api_->duckdb_set_config(config, name, value.c_str()) == DuckDBSuccess;
  };
  // Each file is read once, and what the cache keeps of files grows with their number.
  bool ok =
      set("autoinstall_known_extensions", "false") && set("autoload_known_extensions", "false") &&
      set("allow_community_extensions", "false") && set("temp_directory", options.spill_folder) &&
      set("enable_external_file_cache", "false");
  if (options.threads > 0) ok = ok && set("threads", std::to_string(options.threads));
  if (options.memory.count > 0) {
    ok = ok && set("memory_limit", fmt::format("{}B", options.memory.count));
  }
  char* message = nullptr;
  ok = ok && api_->duckdb_open_ext(nullptr, &database_, config, &message) == DuckDBSuccess;
  const std::string cause = FirstLine(message);
  if (message != nullptr) api_->duckdb_free(message);
  api_->duckdb_destroy_config(&config);
  if (ok) return {};
  return Fail(ErrorKind::kPermanent, "cannot start DuckDB: {}", cause);
}

class DuckDbSession::Impl {
 public:
  Impl(std::shared_ptr<DuckDbEngine> engine, std::stop_token stop, FaultPlan* faults)
      : engine_(std::move(engine)), api_(engine_->api()), stop_(std::move(stop)), faults_(faults) {}
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status Open(const DuckDbSessionOptions& options);
  enum class Answer { kIgnored, kText };
  // Whatever was requested.
  Result<std::vector<TextRow>> Send(const std::string& sql, Answer answer);
  // As long as no stop is requested.
  Result<std::vector<TextRow>> SendUnlessStopped(const std::string& sql, Answer answer);
  Status Append(const std::string& table, const std::vector<SqlRow>& rows);
  FaultPlan* faults() const { return faults_; }

 private:
  Result<std::vector<TextRow>> Fetch(duckdb_result& result);
  void FetchChunk(duckdb_data_chunk chunk, size_t columns, std::vector<TextRow>& rows);
  Error ErrorOf(duckdb_result& result);

  const std::shared_ptr<DuckDbEngine> engine_;
  const DuckDbApi& api_;
  const std::stop_token stop_;
  FaultPlan* const faults_;
  duckdb_connection connection_ = nullptr;
  bool is_attached_ = false;
  bool is_broken_ = false;
};

// Whoever comes next finds the file closed, whatever happened here.
DuckDbSession::Impl::~Impl() {
  if (connection_ == nullptr) return;
  std::ignore = Send("ROLLBACK", Answer::kIgnored);  // fails outside of a transaction
  const bool is_closed = !is_attached_ || Send("DETACH wh", Answer::kIgnored).has_value();
  api_.duckdb_disconnect(&connection_);
  if (!is_closed || is_broken_ || engine_->HasSpilled()) engine_->Stop();
}

Status DuckDbSession::Impl::Open(const DuckDbSessionOptions& options) {
  if (api_.duckdb_connect(engine_->database(), &connection_) != DuckDBSuccess) {
    return Fail(ErrorKind::kPermanent, "cannot connect to DuckDB");
  }
  is_broken_ = true;  // as long as it is not known to be well
  SLUICE_TRY(Send("SET TimeZone = 'UTC'", Answer::kIgnored));
  const Result<std::vector<TextRow>> attached = Send(
      fmt::format("ATTACH {} AS wh{}", QuoteLiteral(options.path),
                  options.access == DuckDbSessionOptions::Access::kReadOnly ? " (READ_ONLY)" : ""),
      Answer::kIgnored);
  is_attached_ = attached.has_value();
  const bool is_held = !is_attached_ && IsHeldByAnother(attached.error().message());
  is_broken_ = !is_attached_ && !is_held;
  if (is_attached_) return {};
  return Fail(is_held ? ErrorKind::kConflict : ErrorKind::kPermanent,
              "cannot open the database: {} path={}", attached.error().message(), options.path);
}

Error DuckDbSession::Impl::ErrorOf(duckdb_result& result) {
  const duckdb_error_type type = api_.duckdb_result_error_type(&result);
  std::string message = FirstLine(api_.duckdb_result_error(&result));
  if (type == DUCKDB_ERROR_INTERRUPT) return Error(KindOf(type), "stopped before it was done");
  if (type == DUCKDB_ERROR_OUT_OF_MEMORY) {
    message += "; give the warehouse more memory, or free space for its PATH.tmp folder";
  }
  return Error(KindOf(type), std::move(message));
}

Result<std::vector<TextRow>> DuckDbSession::Impl::Send(const std::string& sql, Answer answer) {
  if (sql.find('\0') != std::string::npos) {
    return Fail(ErrorKind::kPermanent, "a name or a key holds NUL");
  }
  duckdb_result result;
  if (api_.duckdb_query(connection_, sql.c_str(), &result) != DuckDBSuccess) {
    const Error error = ErrorOf(result);
    api_.duckdb_destroy_result(&result);
    return std::unexpected(error);
  }
  Result<std::vector<TextRow>> rows;
  if (answer == Answer::kText) rows = Fetch(result);
  api_.duckdb_destroy_result(&result);
  return rows;
}

Result<std::vector<TextRow>> DuckDbSession::Impl::SendUnlessStopped(const std::string& sql,
                                                                    Answer answer) {
  if (stop_.stop_requested()) return Fail(ErrorKind::kTransient, "stopped before it began");
  const Interrupter interrupter(stop_, [this] { api_.duckdb_interrupt(connection_); });
  return Send(sql, answer);
}

Result<std::vector<TextRow>> DuckDbSession::Impl::Fetch(duckdb_result& result) {
  const size_t columns = api_.duckdb_column_count(&result);
  for (size_t i = 0; i < columns; ++i) {
    if (api_.duckdb_column_type(&result, i) != DUCKDB_TYPE_VARCHAR) {
      return Fail(ErrorKind::kPermanent, "column {} of the answer is not text", i + 1);
    }
  }
  std::vector<TextRow> rows;
  while (duckdb_data_chunk chunk = api_.duckdb_fetch_chunk(result)) {
    FetchChunk(chunk, columns, rows);
    api_.duckdb_destroy_data_chunk(&chunk);
  }
  return rows;
}

void DuckDbSession::Impl::FetchChunk(duckdb_data_chunk chunk, size_t columns,
                                     std::vector<TextRow>& rows) {
  const size_t first = rows.size(), count = api_.duckdb_data_chunk_get_size(chunk);
  rows.resize(first + count, TextRow(columns));
  for (size_t column = 0; column < columns; ++column) {
    const duckdb_vector vector = api_.duckdb_data_chunk_get_vector(chunk, column);
    uint64_t* const validity = api_.duckdb_vector_get_validity(vector);
    auto* const values = static_cast<duckdb_string_t*>(api_.duckdb_vector_get_data(vector));
    for (size_t row = 0; row < count; ++row) {
      if (validity != nullptr && !api_.duckdb_validity_row_is_valid(validity, row)) continue;
      rows[first + row][column].emplace(api_.duckdb_string_t_data(&values[row]),
                                        api_.duckdb_string_t_length(values[row]));
    }
  }
}

Status DuckDbSession::Impl::Append(const std::string& table, const std::vector<SqlRow>& rows) {
  if (stop_.stop_requested()) return Fail(ErrorKind::kTransient, "stopped before it began");
  duckdb_appender appender = nullptr;
  bool ok = api_.duckdb_appender_create_ext(connection_, "temp", "main", table.c_str(),
                                            &appender) == DuckDBSuccess;
  for (size_t i = 0; ok && i < rows.size(); ++i) {
    for (const SqlValue& value : rows[i]) {
      if (const auto* number = std::get_if<int64_t>(&value)) {
        ok = ok && api_.duckdb_append_int64(appender, *number) == DuckDBSuccess;
      } else if (const auto* text = std::get_if<std::string>(&value)) {
        ok = ok && api_.duckdb_append_varchar_length(appender, text->data(), text->size()) ==
                       DuckDBSuccess;
      } else {
        ok = ok && api_.duckdb_append_null(appender) == DuckDBSuccess;
      }
    }
    ok = ok && api_.duckdb_appender_end_row(appender) == DuckDBSuccess;
  }
  ok = ok && api_.duckdb_appender_close(appender) == DuckDBSuccess;
  const std::string cause =
      ok || appender == nullptr ? "" : FirstLine(api_.duckdb_appender_error(appender));
  if (appender != nullptr) api_.duckdb_appender_destroy(&appender);
  if (!ok) return Fail(ErrorKind::kPermanent, "cannot fill {}: {}", table, cause);
  return {};
}

Result<std::unique_ptr<DuckDbSession>> DuckDbSession::Open(const DuckDbSessionOptions& options) {
  std::shared_ptr<DuckDbEngine> engine = options.engine;
  if (engine == nullptr) {
    SLUICE_ASSIGN(engine, DuckDbEngine::Start({.spill_folder = options.path + ".tmp",
                                               .threads = options.threads,
                                               .memory = options.memory}));
  }
  auto impl = std::make_unique<Impl>(std::move(engine), options.stop, options.faults);
  SLUICE_TRY(FaultPlan::Run(options.faults, "open", [&] { return impl->Open(options); }));
  return std::unique_ptr<DuckDbSession>(new DuckDbSession(std::move(impl)));
}

Result<std::vector<TextRow>> DuckDbSession::Query(std::string_view name, const std::string& sql) {
  Result<std::vector<TextRow>> rows = FaultPlan::Run(
      impl_->faults(), name, [&] { return impl_->SendUnlessStopped(sql, Impl::Answer::kText); });
  if (!rows) return std::unexpected(rows.error().During(name));
  return rows;
}

Status DuckDbSession::Run(std::string_view name, const std::string& sql) {
  const Result<std::vector<TextRow>> ran = FaultPlan::Run(
      impl_->faults(), name, [&] { return impl_->SendUnlessStopped(sql, Impl::Answer::kIgnored); });
  if (!ran) return std::unexpected(ran.error().During(name));
  return {};
}

Status DuckDbSession::Commit() {
  const Result<std::vector<TextRow>> done = FaultPlan::Run(
      impl_->faults(), "commit", [&] { return impl_->Send("COMMIT", Impl::Answer::kIgnored); });
  if (!done) return std::unexpected(done.error().During("commit"));
  return {};
}

Status DuckDbSession::Undo() {
  SLUICE_TRY(impl_->Send("ROLLBACK", Impl::Answer::kIgnored));
  return {};
}

Status DuckDbSession::Append(std::string_view name, const std::string& table,
                             const std::vector<SqlRow>& rows) {
  return FaultPlan::Run(impl_->faults(), name, [&] { return impl_->Append(table, rows); });
}

DuckDbSession::DuckDbSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DuckDbSession::~DuckDbSession() = default;

}  // namespace sluice

#endif
