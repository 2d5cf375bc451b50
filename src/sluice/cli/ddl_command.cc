// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "sluice/app/this_build.h"
#include "sluice/base/json_text.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/session.h"
#include "sluice/operate/verify.h"
#include "sluice/warehouse/ddl_sql.h"

namespace sluice {
namespace {

struct DdlFlags {
  bool diff = false, apply = false;
  std::string user, database;
};

// What there is to do, in order.
struct Ddl {
  struct Step {
    std::string note;  // a comment before it
    std::optional<std::string> sql;
    bool needs_person = false;
    std::string made;  // what --apply makes where there is no statement
  };
  std::vector<Step> steps;

  void Add(std::string note, std::vector<std::string> sql) {
    for (std::string& one : sql) {
      steps.push_back({std::move(note), std::move(one)});
      note.clear();
    }
  }
};

constexpr const char* kWorkload =
    "workload management: sessions of sluice set query_group to 'sluice'. A queue of its own, with "
    "concurrency 2 and short query acceleration off, keeps loads and dashboards from each other:\n"
    "  {\"query_group\": [\"sluice\"], \"query_group_wild_card\": 0, \"query_concurrency\": 2}";

// What was done already is a comment, so that nobody does it again.
std::string ToText(const Ddl& ddl, bool is_done = false) {
  if (ddl.steps.empty()) return "-- nothing differs\n";
  std::string text;
  for (const Ddl::Step& step : ddl.steps) {
    for (const std::string_view line : CLI::detail::split(step.note, '\n')) {
      if (!line.empty()) text += fmt::format("-- {}\n", line);
    }
    if (step.sql) text += fmt::format("{}{};\n", is_done ? "--   " : "", *step.sql);
  }
  return text;
}

std::string ToJson(const Ddl& ddl, bool applied) {
  JsonText json;
  json.BeginObject().Key("steps").BeginArray();
  for (const Ddl::Step& step : ddl.steps) {
    json.BeginObject().Key("note").Value(step.note).Key("sql");
    step.sql ? json.Value(*step.sql) : json.Null();
    json.EndObject();
  }
  json.EndArray().Key("applied").Value(applied).EndObject();
  return json.text() + "\n";
}

// What of it --apply did, and what it left.
Ddl WhatWasDone(Ddl ddl) {
  for (Ddl::Step& step : ddl.steps) {
    if (!step.made.empty()) {
      step.note = "made " + step.made;
    } else if (step.sql) {
      step.note = "mended: " + step.note;
    } else if (step.needs_person) {
      step.note = "left for a person: " + step.note;
    }
  }
  return ddl;
}

// How statements for a DuckDB file name it.
std::optional<std::string> AttachSql(const PipelineConfig& config) {
  const auto* file = std::get_if<DuckDbTarget>(&config.warehouse.target);
  if (file == nullptr) return std::nullopt;
  return fmt::format("ATTACH {} AS wh", NamesOf(config).dialect.Literal(file->path));
}

// Everything, for an empty warehouse.
Ddl WholeDdl(const PipelineConfig& config, const DdlFlags& flags) {
  const LedgerNames names = NamesOf(config);
  Ddl ddl;
  if (const auto attach = AttachSql(config)) {
    ddl.Add("sluice makes all of this by itself; here it is for whoever wants to see it",
            {*attach});
  }
  ddl.Add("to be run once, by who owns the tables; repeating it changes nothing",
          PrepareTablesSql(*config.tables, names));
  ddl.Add("the version of these tables, and the lock and control row of this pipeline",
          PrepareRowsSql(names));
  if (!flags.user.empty()) {
    ddl.Add("a user that loads and makes nothing",
            GrantSql(*config.tables, names, flags.user, flags.database));
    if (names.dialect.kind() != SqlDialect::Kind::kDuckDb) {
      ddl.steps.push_back(
          {"only where that user runs backfill --replace too, which takes old rows "
           "away:\n  " +
               ReplaceGrantSql(*config.tables, names, flags.user) + ";",
           std::nullopt});
    }
  }
  if (names.dialect.kind() == SqlDialect::Kind::kRedshift) {
    ddl.steps.push_back({kWorkload, std::nullopt});
  }
  return ddl;
}

// What differs from the warehouse as it is.
Result<Ddl> Difference(PipelineView& view) {
  const LedgerNames names = NamesOf(view.config());
  Ddl ddl;
  SLUICE_ASSIGN(const WarehouseState state, view.warehouse().Probe());
  if (!state.ledger_exists) {
    ddl.steps.push_back({.note = "there is no ledger yet: sluice ddl shows what makes it",
                         .sql = std::nullopt,
                         .made = "the ledger"});
  }
  for (const Table& table : view.tables().tables) {
    const auto live = view.warehouse().Describe(table);
    if (!live && live.error().kind() != ErrorKind::kNotFound) return std::unexpected(live.error());
    if (!live) {
      ddl.steps.push_back(
          {.note = fmt::format("table {} is not there yet: sluice ddl shows what makes it",
                               table.name()),
           .sql = std::nullopt,
           .made = "table " + FullName(table)});
      continue;
    }
    for (const TableChange& change : ChangesOf(names, table, *live)) {
      std::string note = fmt::format("table {}: {}", table.name(), change.difference);
      if (!change.recipe.empty()) note += "\n  " + change.recipe;
      ddl.steps.push_back({std::move(note), change.sql, !change.sql});
    }
    for (const std::string& note : NotesOf(names, table, *live)) {
      ddl.steps.push_back({fmt::format("table {}: {}", table.name(), note), std::nullopt});
    }
  }
  return ddl;
}

// `done` is as many of the statements as were.
Status Apply(Session& session, const Ddl& ddl, Ddl& done) {
  SLUICE_ASSIGN(const auto pipeline, session.OpenPipeline());
  for (const Ddl::Step& step : ddl.steps) {
    if (!step.sql) continue;
    if (const Status changed = pipeline->warehouse().Change(*step.sql); !changed) {
      return std::unexpected(changed.error().During(*step.sql));
    }
    done.steps.push_back(step);
  }
  return pipeline->warehouse().Prepare();
}

Status PrintDone(Session& session, Ddl ddl, bool is_all) {
  const Ddl done = WhatWasDone(std::move(ddl));
  return Print(session.flags.json ? ToJson(done, is_all) : ToText(done, true));
}

Result<int> RunDdl(Session& session, const DdlFlags& flags) {
  SLUICE_ASSIGN(PipelineConfig config, session.Configuration());
  if (!flags.diff && !flags.apply) {
    if (const Status can = RequireKindsOfThisBuild(config); !can) {
      return session.WrongUsage(can.error().message());
    }
    const Ddl ddl = WholeDdl(config, flags);
    SLUICE_TRY(Print(session.flags.json ? ToJson(ddl, false) : ToText(ddl)));
    return kExitDone;
  }
  SLUICE_ASSIGN(const auto view, session.OpenView(std::move(config)));
  SLUICE_ASSIGN(Ddl ddl, Difference(*view));
  if (flags.apply) {
    Ddl done;
    if (const Status applied = Apply(session, ddl, done); !applied) {
      if (!done.steps.empty()) SLUICE_TRY(PrintDone(session, std::move(done), false));
      return std::unexpected(applied.error());
    }
    SLUICE_TRY(PrintDone(session, ddl, true));
  } else {
    const bool has_sql =
        std::ranges::any_of(ddl.steps, [](const Ddl::Step& step) { return step.sql.has_value(); });
    if (const auto attach = AttachSql(view->config()); attach && has_sql) {
      ddl.steps.insert(ddl.steps.begin(), {.note = "", .sql = attach});
    }
    SLUICE_TRY(Print(session.flags.json ? ToJson(ddl, false) : ToText(ddl)));
  }
  const bool waits = std::ranges::any_of(ddl.steps, &Ddl::Step::needs_person);
  return waits ? kExitAttention : kExitDone;
}

}  // namespace

void AddDdl(CLI::App& app, Session& session, int& exit_code) {
  auto flags = std::make_shared<DdlFlags>();
  CLI::App* command = app.add_subcommand("ddl", "The SQL that the warehouse needs");
  auto* diff =
      command->add_flag("--diff", flags->diff, "Only what differs from the warehouse as it is");
  auto* apply = command
                    ->add_flag("--apply", flags->apply,
                               "Do it: make what is missing, add columns at the end, widen texts")
                    ->excludes(diff);
  auto* user = command
                   ->add_option("--user", flags->user,
                                "Also what a user is granted who loads and makes nothing")
                   ->type_name("NAME");
  command
      ->add_option("--database", flags->database,
                   "With --user: also grants temporary tables there, where PUBLIC has them not")
      ->type_name("NAME")
      ->needs(user);
  user->excludes(diff)->excludes(apply);
  command->footer(
      "Without --diff and --apply it asks nothing of the warehouse. Types are never changed and "
      "columns never\ndropped: what would do that is explained. Exit code 3: that waits for a "
      "person.\n\nExamples:\n  sluice ddl > "
      "sluice.sql\n  sluice ddl --user loader\n  sluice ddl --diff");
  command->callback([&session, &exit_code, flags] {
    const Result<int> code = RunDdl(session, *flags);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
