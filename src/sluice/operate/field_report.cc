// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/field_report.h"

#include <algorithm>
#include <tuple>

#include "sluice/operate/infer_names.h"
#include "sluice/operate/verify.h"
#include "sluice/warehouse/ddl_sql.h"

namespace sluice {
namespace {

// As the warehouse spells it: "2026-11-23 14:15:02", with decimals or none, and perhaps a zone.
std::optional<Timestamp> MomentOf(std::string_view text) {
  std::string moment(text.substr(0, 19));
  if (moment.size() != 19) return std::nullopt;
  moment[10] = 'T';
  return FromIso8601(moment + 'Z');
}

// What its events were is not known: the type is one to start with.
std::string AlterFor(const LedgerNames& names, const Table& table, const std::string& path) {
  if (path == "…") return "";  // all the others together
  return AddColumnSql(names, table,
                      {.name = IdentifierOf(path),
                       .type = {.kind = TypeKind::kVarchar, .length = 256},
                       .not_null = false,
                       .generated = false,
                       .default_text = {}});
}

}  // namespace

Result<std::vector<FieldReport>> FieldsOf(const std::vector<LedgerPart>& parts,
                                          const std::map<std::string, uint64_t>& seen,
                                          const TableSet& tables, const LedgerNames& names,
                                          Timestamp now) {
  std::map<std::tuple<size_t, FieldChangeKind, std::string>, FieldReport> found;
  for (const LedgerPart& part : parts) {
    const auto table = std::ranges::find(tables.tables, part.table, &Table::name);
    if (table == tables.tables.end()) continue;
    const auto moment = MomentOf(part.loaded_at);
    if (!moment) return Fail(ErrorKind::kBadData, "not a time of the ledger: {}", part.loaded_at);
    SLUICE_ASSIGN(const std::vector<FieldChange> changes, ParseFieldChanges(part.changes));
    for (const FieldChange& change : changes) {
      const auto place = static_cast<size_t>(table - tables.tables.begin());
      FieldReport& field = found[{place, change.kind, change.name}];
      if (field.table.empty()) {
        field = {.kind = change.kind, .table = FullName(*table), .name = change.name, .first = now};
      }
      field.first = std::min(field.first, *moment);
      if (*moment >= now - kFieldDay) field.events += change.events;
    }
  }
  std::vector<FieldReport> fields;
  for (auto& [key, field] : found) {
    if (field.events == 0) continue;
    const Table& table = tables.tables[std::get<0>(key)];
    if (const auto count = seen.find(table.name()); count != seen.end()) field.seen = count->second;
    field.is_new = field.first >= now - kFieldDay;
    if (field.kind == FieldChangeKind::kUnknown) field.alter = AlterFor(names, table, field.name);
    fields.push_back(std::move(field));
  }
  std::ranges::stable_sort(fields, std::greater(), &FieldReport::events);
  return fields;
}

}  // namespace sluice
