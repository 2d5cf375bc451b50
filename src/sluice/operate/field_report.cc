// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/field_report.h"

#include <algorithm>
#include <tuple>

#include "sluice/operate/infer_names.h"
#include "sluice/operate/verify.h"
#include "sluice/operate/warehouse_moment.h"
#include "sluice/schema/identifier.h"
#include "sluice/warehouse/ddl_sql.h"

namespace sluice {
namespace {

// What its events were is not known: the type is one to start with.
std::string AlterFor(const LedgerNames& names, const Table& table, const std::string& path) {
  if (path == "…") return "";  // all the others together
  const std::string name = IdentifierOf(path);
  const auto is_there = [&](const Column& column) {
    return FoldIdentifier(column.name) == FoldIdentifier(name);
  };
  // A column of that name takes another field.
  if (std::ranges::any_of(table.schema.columns, is_there)) return "";
  return AddColumnSql(names, table,
                      {.name = name,
                       .type = {.kind = TypeKind::kVarchar, .length = 256},
                       .not_null = false,
                       .generated = false,
                       .default_text = {}});
}

// Does a column take it by now, or something that it is a part of? Then events of before lack it.
bool IsTakenNow(const Table& table, const std::string& path) {
  return std::ranges::any_of(table.sources, [&](const ColumnSource& source) {
    const std::string taken = FromText(source.path);
    return path == taken || path.starts_with(taken + ".");
  });
}

// What is gathered of a field.
struct Found {
  FieldReport report;
  std::optional<Timestamp> first_large;  // in a raw object with more of it than warn_above

  void Add(const LedgerPart& part, uint64_t events, Timestamp moment, const FieldQuestion& ask) {
    report.first = std::min(report.first, moment);
    if (moment >= ask.now - kFieldDay) report.events += events;
    const double most = ask.warn_above * static_cast<double>(part.routed);
    if (static_cast<double>(events) > most) {
      first_large = std::min(first_large.value_or(moment), moment);
    }
  }
};

}  // namespace

Result<std::vector<FieldReport>> FieldsOf(const std::vector<LedgerPart>& parts,
                                          const FieldQuestion& question) {
  const TableSet& tables = question.tables;
  const Timestamp now = question.now;
  std::map<std::tuple<size_t, FieldChangeKind, std::string>, Found> found;
  for (const LedgerPart& part : parts) {
    const auto table = std::ranges::find(tables.tables, part.table, &Table::name);
    if (table == tables.tables.end() || part.replay_of != 0) continue;
    const auto moment = MomentOf(part.loaded_at);
    if (!moment) return Fail(ErrorKind::kBadData, "not a time of the ledger: {}", part.loaded_at);
    SLUICE_ASSIGN(const std::vector<FieldChange> changes, ParseFieldChanges(part.changes));
    for (const FieldChange& change : changes) {
      const auto place = static_cast<size_t>(table - tables.tables.begin());
      const auto [at, is_first] = found.try_emplace({place, change.kind, change.name});
      if (is_first) {
        at->second.report = {.kind = change.kind,
                             .table = FullName(*table),
                             .name = change.name,
                             .first = now,
                             .newest = part.raw_key};
      }
      at->second.Add(part, change.events, *moment, question);
    }
  }
  std::vector<FieldReport> fields;
  for (auto& [key, one] : found) {
    FieldReport& field = one.report;
    if (field.events == 0) continue;
    const Table& table = tables.tables[std::get<0>(key)];
    const auto count = question.seen.find(table.name());
    if (count != question.seen.end()) field.seen = count->second;
    field.is_collected = field.kind == FieldChangeKind::kUnknown &&
                         table.on_unknown_field == OnUnknownField::kCollect;
    if (field.is_collected) {
      // Nothing is lost of it.
    } else if (field.kind == FieldChangeKind::kUnknown) {
      field.is_new = field.first >= now - kFieldDay && !IsTakenNow(table, field.name);
      field.alter = AlterFor(question.names, table, field.name);
    } else {
      field.is_new = one.first_large && *one.first_large >= now - kFieldDay &&
                     field.share() > question.warn_above;
    }
    fields.push_back(std::move(field));
  }
  std::ranges::stable_sort(fields, std::greater(), [](const FieldReport& field) {
    return std::pair(!field.is_collected, field.events);
  });
  return fields;
}

}  // namespace sluice
