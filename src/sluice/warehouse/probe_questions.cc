// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/probe_questions.h"

#include "sluice/warehouse/probe_asks.h"

namespace sluice {
namespace {

constexpr unsigned kEverywhere = kByPostgres | kByWire | kByDataApi;
constexpr unsigned kOfRedshift = kByWire | kByDataApi;

constexpr auto kHarmless = ProbeVerdict::kHarmless, kDoNotLoad = ProbeVerdict::kDoNotLoad;

constexpr ProbeQuestion kQuestions[] = {
    {"server", "Who answers, and as whom?", "the same user in a session and in its transactions",
     kEverywhere, "", kDoNotLoad, "temporary tables and grants are a user's", AskServer},
    {"utc", "Is it UTC in a transaction of the session?", "2026-01-31 12:00:00", kEverywhere, "",
     kDoNotLoad, "times with a zone would be shifted", AskUtc},
    {"session",
     "Does a temporary table live until the transaction that reads it, and is it filled?", "2 rows",
     kEverywhere, "", kDoNotLoad, "a load's rows are staged in temporary tables of the session",
     AskSession},
    {"commit", "Is a transaction that was answered there for others?", "2 rows", kEverywhere, "",
     kDoNotLoad, "notifications are deleted once COMMIT is answered", AskCommit},
    {"rollback",
     "Does an error in the middle undo the whole transaction, CREATE TEMP TABLE in it or not?",
     "0 rows; an error ended it; 3 rows where nothing fails", kEverywhere, "", kDoNotLoad,
     "rows without their ledger rows would be loaded again", AskRollback},
    {"assertion", "Is an assertion that fails known as one by its words?",
     "an error that says what the assertion is for", kEverywhere, "", kDoNotLoad,
     "a load that does not add up would be committed", AskAssertion},
    {"lock",
     "Does the second of two loaders, which waited at LOCK, see what the first one committed?",
     "2 committed, 1 rows", kEverywhere, "", kDoNotLoad,
     "two loaders at once would load an object twice", AskLock},
    {"snapshot", "Does a snapshot that is older than the LOCK fail at the UPDATE?",
     "1 committed, 1 rows; the other one fails so that it is tried again", kEverywhere, "",
     kDoNotLoad, "a statement that slips before the LOCK would load an object twice", AskSnapshot},
    {"isolation", "Do two transactions both commit that each write what the other has read?",
     "not SERIALIZABLE: 2 committed, 1 + 1 rows", kOfRedshift,
     "in PostgreSQL sluice says itself that it wants REPEATABLE READ", kDoNotLoad,
     "it is neither SNAPSHOT nor SERIALIZABLE", AskIsolation},
    {"exact", "Are keys told apart that differ in a blank at the end, or in case?",
     "3 different texts", kEverywhere, "", kDoNotLoad,
     "two raw objects, or two events, would count as one: db_collation() is to be case_sensitive",
     AskExact},
    {"catalog", "Does the catalog spell each type as sluice reads it?", "no difference",
     kEverywhere, "", kDoNotLoad, "process refuses tables that it takes for other ones",
     AskCatalog},
    {"rights", "May this user do what loads do with the ledger and the tables?",
     "everything that sluice ddl --user grants", kEverywhere, "", kDoNotLoad,
     "loads would fail: run what sluice ddl --user prints", AskRights},
    {"types", "Does a file of snappy pages with a column of every type come in as it was written?",
     "every value", kEverywhere, "", kDoNotLoad, "values would be changed, or nothing comes in",
     AskSnappy},
    {"zstd", "The same with zstd?", "every value", kOfRedshift,
     "PostgreSQL gets rows, and no files", kHarmless, "leave parquet.compression at snappy",
     AskZstd},
    {"bytes", "Is a text refused that has more bytes than its VARCHAR, and fewer characters?",
     "refused", kOfRedshift, "PostgreSQL counts characters, of which there are no more than bytes",
     kDoNotLoad, "texts would be cut without a word", AskBytes},
    {"load_error", "Do Redshift's views of load errors name file and column of a COPY that failed?",
     "column=text", kOfRedshift, "PostgreSQL has none", kHarmless,
     "nothing of it is loaded; a person has only Redshift's first words to go by", AskLoadError},
    {"content_length", "Does COPY fail where the manifest's content_length is wrong?", "refused",
     kOfRedshift, "PostgreSQL reads no manifests", kHarmless,
     "objects do not change, and staged rows are counted before anything is loaded", AskLength},
    {"mandatory", "Does COPY fail where a mandatory file is missing?", "refused", kOfRedshift,
     "PostgreSQL reads no manifests", kHarmless,
     "staged rows are counted before anything is loaded: such an object is set aside", AskMissing},
    {"token", "Is a request with the same ClientToken one statement, and one with another two?",
     "the repeated one has the same id, the other one another; 2 rows", kByDataApi,
     "only the Data API knows tokens", kDoNotLoad,
     "a request whose answer was lost is sent again, and would be carried out twice", AskToken},
    {"load", "Do three events, one of them twice, become two rows, and the second time none?",
     "2 rows, without a key 3; of the ledger: loaded=2 duplicates=1 differing=1; the second time "
     "it was known",
     kEverywhere, "", kDoNotLoad, "this is what every load does", AskLoad}};

}  // namespace

std::span<const ProbeQuestion> ProbeQuestions() {
  return kQuestions;
}

}  // namespace sluice
