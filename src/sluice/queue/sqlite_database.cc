// SPDX-License-Identifier: Apache-2.0
#include "sluice/queue/sqlite_database.h"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "sluice/queue/lock_holder.h"

namespace sluice {
namespace {

// How long one wait for a lock lasts before it is tried again.
constexpr std::chrono::milliseconds kBusyPause{2};
// How long a lock is waited for when a stop is requested: what is done must still be deleted and
// what is held given back, and other writers hold the lock for milliseconds.
constexpr std::chrono::milliseconds kStoppingPatience{1'000};

int Bind(sqlite3_stmt* statement, int index, const SqliteValue& value) {
  // A null pointer would bind NULL instead of an empty value.
  const auto data = [](std::string_view text) { return text.empty() ? "" : text.data(); };
  if (const auto* number = std::get_if<int64_t>(&value))
    return sqlite3_bind_int64(statement, index, *number);
  if (const auto* text = std::get_if<std::string_view>(&value))
    return sqlite3_bind_text64(statement, index, data(*text), text->size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  const std::string_view bytes = std::get<SqliteBlob>(value).bytes;
  return sqlite3_bind_blob64(statement, index, data(bytes), bytes.size(), SQLITE_STATIC);
}

}  // namespace

int64_t SqliteRow::Int(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view SqliteRow::Text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string_view()
                          : std::string_view(static_cast<const char*>(bytes), size);
}

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Status SqliteStatement::Each(std::initializer_list<SqliteValue> values,
                             const std::function<void(const SqliteRow&)>& row) {
  sqlite3_stmt* const statement = handle_.get();
  int code = SQLITE_OK, index = 0;
  for (const SqliteValue& value : values)
    if (code == SQLITE_OK) code = Bind(statement, ++index, value);
  if (code == SQLITE_OK) {
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) row(SqliteRow(statement));
  }
  Status status;
  if (code != SQLITE_DONE) status = std::unexpected(database_->Failure(code));
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return status;
}

Status SqliteStatement::Run(std::initializer_list<SqliteValue> values) {
  return Each(values, [](const SqliteRow&) {});
}

Result<int64_t> SqliteStatement::Number(std::initializer_list<SqliteValue> values) {
  int64_t number = 0;
  SLUICE_TRY(Each(values, [&](const SqliteRow& row) { number = row.Int(0); }));
  return number;
}

SqliteTransaction::~SqliteTransaction() {
  // SQLite has undone it already after some failures.
  if (database_ != nullptr) (void)database_->Execute("ROLLBACK");
}

Status SqliteTransaction::Commit() {
  const Status committed = database_->Execute("COMMIT");
  if (committed) {
    database_ = nullptr;
    return {};
  }
  // The log may hold the whole transaction, and a reader after a crash may find it there.
  if (database_->failed_on_disk())
    return std::unexpected(Error(ErrorKind::kOutcomeUnknown, committed.error().message()));
  return committed;
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(Options options, Clock& clock) {
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(std::move(options), clock));
  database->path_ = database->options_.path;
  const int code = sqlite3_open_v2(
      database->path_.c_str(), &database->handle_,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  if (code != SQLITE_OK) return std::unexpected(database->Failure(code));
  std::error_code error;
  const auto canonical = std::filesystem::canonical(database->path_, error);
  if (error) return std::unexpected(database->Failure(SQLITE_CANTOPEN));
  database->path_ = canonical.string();
  // SQLite falls back to reading only, without a word.
  if (sqlite3_db_readonly(database->handle_, "main") != 0)
    return std::unexpected(database->Failure(SQLITE_READONLY));
  sqlite3_busy_handler(database->handle_, &SqliteDatabase::OnBusy, database.get());
  return database;
}

SqliteDatabase::~SqliteDatabase() {
  sqlite3_close_v2(handle_);
}

Result<SqliteStatement> SqliteDatabase::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return std::unexpected(Failure(code));
  return SqliteStatement(*this, statement);
}

Status SqliteDatabase::Execute(const char* sql) const {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(Failure(code));
  return {};
}

Status SqliteDatabase::UseWriteAheadLog() {
  // The switch does not always ask the busy handler, since two that switch at once would deadlock.
  const Ticks since = clock_.Monotonic();
  for (;;) {
    const int code = sqlite3_exec(handle_, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) break;
    if ((code & 0xFF) != SQLITE_BUSY || !WaitsOn(since)) return std::unexpected(Failure(code));
  }
  SLUICE_ASSIGN(SqliteStatement mode, Prepare("PRAGMA journal_mode"));
  std::string name;
  SLUICE_TRY(mode.Each({}, [&](const SqliteRow& row) { name = row.Text(0); }));
  if (name == "wal") return {};
  return Fail(ErrorKind::kPermanent,
              "this file system cannot share memory between processes, which a queue file needs; "
              "put it on a local disk: file={} journal_mode={}",
              path_, name);
}

Result<SqliteTransaction> SqliteDatabase::Begin(Durability durability) {
  if (durability != durability_) {
    SLUICE_TRY(Execute(durability == Durability::kSynced ? "PRAGMA synchronous = FULL"
                                                         : "PRAGMA synchronous = NORMAL"));
    durability_ = durability;
  }
  SLUICE_TRY(Execute("BEGIN IMMEDIATE"));
  return SqliteTransaction(*this);
}

bool SqliteDatabase::failed_on_disk() const {
  return (sqlite3_errcode(handle_) & 0xFF) == SQLITE_IOERR;
}

int64_t SqliteDatabase::inserted_row() const {
  return sqlite3_last_insert_rowid(handle_);
}

int64_t SqliteDatabase::changed_rows() const {
  return sqlite3_changes64(handle_);
}

std::string SqliteDatabase::Explain(int code) const {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      if (options_.stop.stop_requested()) return "stopped while another process held the lock";
      // Writers lock the log's index.
      return fmt::format("locked for {} ms by {}; let it finish, or end it",
                         options_.busy_timeout.count(), LockHolder(path_ + "-shm"));
    case SQLITE_FULL:
      return "the disk is full; free some space and try again";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      // Without the system's reason: SQLite tries again for reading only, and that one fails too.
      return "cannot open for writing; the folder must exist, and this user must be able to write "
             "to it and to the file";
    case SQLITE_NOTADB:
      return "this is not a queue file; name another one, or move it out of the way";
    case SQLITE_CORRUPT:
      return "the queue file is damaged; move it away together with its -wal and -shm files, and "
             "save what can be saved with `sqlite3 FILE .recover`";
    case SQLITE_IOERR:
      return fmt::format("the disk failed ({}); see the system's log", sqlite3_errstr(code));
    default:
      return fmt::format("{} ({})", sqlite3_errstr(code), sqlite3_errmsg(handle_));
  }
}

Error SqliteDatabase::Failure(int code) const {
  const int primary = code & 0xFF;
  const bool is_busy = primary == SQLITE_BUSY || primary == SQLITE_LOCKED;
  return Error(is_busy ? ErrorKind::kTransient : ErrorKind::kPermanent,
               fmt::format("{}: file={}", Explain(code), path_));
}

bool SqliteDatabase::WaitsOn(Ticks since) {
  const auto patience = options_.stop.stop_requested()
                            ? std::min(kStoppingPatience, options_.busy_timeout)
                            : options_.busy_timeout;
  if (clock_.Monotonic() - since >= patience) return false;
  clock_.Sleep(kBusyPause);
  return true;
}

int SqliteDatabase::OnBusy(void* self, int attempt) {
  auto* database = static_cast<SqliteDatabase*>(self);
  if (attempt == 0) database->busy_since_ = database->clock_.Monotonic();
  return database->WaitsOn(database->busy_since_) ? 1 : 0;
}

}  // namespace sluice
