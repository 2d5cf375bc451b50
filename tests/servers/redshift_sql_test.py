# SPDX-License-Identifier: Apache-2.0
"""redshift_sql_test.py FOLDER: what sluice sent to redshim in other tests, and recorded_sql.py kept in FOLDER, is SQL of Redshift to sqlglot and to
sqlfluff, whose grammars of Redshift are made by others from its documentation."""
import logging
import re
import sys
import unittest

import sqlglot
from sqlfluff.core import FluffConfig, Linter

import recorded_sql

FOLDER = sys.argv.pop(1)

# Each is sent in some test; a recording without one of them is not whole. Whatever is sent is of one of them.
KINDS = [
    r'^SET timezone TO ', r'^SET query_group TO ', r'^SET statement_timeout TO ', r'^BEGIN$', r'^COMMIT$', r'^ROLLBACK$',
    r'^CREATE SCHEMA IF NOT EXISTS "sluice"$', r'^CREATE TABLE IF NOT EXISTS "sluice"."ledger" .* SORTKEY \(',
    r'^CREATE TABLE IF NOT EXISTS "tracking"."events" .* ENCODE zstd, .*\) DISTSTYLE KEY DISTKEY \("request_id"\) COMPOUND SORTKEY \("at", ',
    r'^CREATE TABLE IF NOT EXISTS .* ENCODE text255.*\) DISTSTYLE EVEN SORTKEY AUTO ENCODE AUTO$', r'\) DISTSTYLE ALL INTERLEAVED SORTKEY \("request_id"\)$', r'\) DISTSTYLE AUTO$',
    r'^CREATE TEMP TABLE "sluice_stage_\d+" \(.*\) DISTSTYLE KEY DISTKEY \(', r'^CREATE TEMP TABLE "sluice_plan" \(',
    r'^CREATE TEMP TABLE "sluice_verdict" AS SELECT ', r'^CREATE TEMP TABLE "sluice_todo" AS SELECT ',
    r'^CREATE TEMP TABLE "sluice_fresh" AS SELECT ', r'^CREATE TEMP TABLE "sluice_fresh" AS SELECT .* UNION ALL SELECT ', r'^CREATE TEMP TABLE "sluice_spare" AS SELECT ', r'^CREATE TEMP TABLE "sluice_losers" \(',
    r'''^COPY "sluice_plan" \(.*\) FROM 's3://.*' IAM_ROLE 'arn:.*,arn:.*' FORMAT AS PARQUET MANIFEST$''', r'^COPY "sluice_stage_\d+" \(',
    r'^COPY "sluice_bad" \(', r'^LOCK "sluice"."lock"$', r'^UPDATE "sluice"."lock" SET n = n \+ 1$',
    r'^DELETE FROM "sluice"."ledger" WHERE ', r'^INSERT INTO "sluice"."ledger" \(.*\) SELECT ',
    r'^INSERT INTO "sluice"."duplicates" \(.*\) SELECT ', r'^INSERT INTO "sluice"."quarantine" \(.*\) SELECT ',
    r'^INSERT INTO "tracking"."events" \(.*\) SELECT ', r'^INSERT INTO "sluice_tally" SELECT .* UNION ALL ',
    r'^INSERT INTO "sluice"."lock" SELECT .* WHERE NOT EXISTS', r'^SELECT 1 / CASE WHEN .* THEN 1 ELSE 0 END',
    r'EXISTS \(SELECT 1 FROM "sluice_gone_\d+" g .* HAVING COUNT\(\*\) > 1\) q\) = 0', r'JSON_PARSE\(', r'JSON_SERIALIZE\(',
    r'sys_load_error_detail .* pg_backend_pid\(\)', r'stl_load_errors WHERE session = pg_backend_pid\(\)', r' FROM pg_attribute a JOIN pg_class c ', r' FROM pg_class c JOIN pg_namespace n ',
    r'^CREATE TEMP TABLE "sluice_gone_\d+" AS SELECT ', r'^DELETE FROM "tracking"."events" USING "sluice_gone_\d+" g WHERE ', r'^COPY "sluice_other_\d+" \(',
    r'^CREATE TEMP TABLE "sluice_back" AS SELECT ', r'^UPDATE "sluice"."duplicates" SET differs = NULL FROM ', r"^UPDATE .* SET state = 'replaced'",
    r"'changed' END AS verdict", r'^COPY "sluice_replayed" \(',
    r'^UPDATE "sluice"."quarantine" SET part = r_part, ', r'^UPDATE "sluice"."quarantine" SET table_name = r_table, ', r'^SELECT CAST\(q\.object AS VARCHAR\), l\.object_identity',
    r"^SELECT CASE WHEN v\.verdict = 'same' THEN 'loaded' ELSE MIN\(l\.state\) END, ", r'^SELECT state, CAST\(SUM\(.* GROUP BY state',
    r"^SELECT CAST\(c\.hour AS VARCHAR\).* DATE_TRUNC\('hour', ", r"^SELECT CAST\(u\.hour AS VARCHAR\).* DATE_TRUNC\('hour', d\.event_time\)", r"^SELECT CAST\(object AS VARCHAR\), .* AND reason <> ''",
    r'^SELECT d\.event_key, .* HAVING COUNT\(\*\) > 1', r'^SELECT d\.event_key, .* d\.differs = 1 ',
    r'^SELECT q\.parquet, .* FROM \(SELECT parquet, MAX\(CASE ', r'^SELECT DISTINCT parquet FROM .* IN \(', r'^SELECT x\.table_name, .* POSITION\(', r'^SELECT CAST\(q\.event_time AS VARCHAR\)',
    r'^SELECT e\.t, .* ROW_NUMBER\(\) OVER \(PARTITION BY q\.table_name', r'^SELECT e\.t, e\.r, .* q\.object AS object FROM ',
    r"MIN\(\(\"seen\" AT TIME ZONE 'UTC'\)\)", r"DATE_TRUNC\('hour', \(t\.\"seen\" AT TIME ZONE 'UTC'\)\)", r"\"seen\" BETWEEN CAST\('[^']+\+00' AS TIMESTAMPTZ\)",
    r"REPLACE\(REPLACE\(CAST\(s\.\"site\" AS .* \|\| '\|' \|\| ", r"\(CAST\(\(t\.\"seen\" AT TIME ZONE 'UTC'\) AS VARCHAR\(65535\)\) \|\| '\+00'\)",
    r"^SELECT .*CAST\(\(\"\w+\" AT TIME ZONE 'UTC'\) AS VARCHAR\(65535\)\), .* LIMIT ",
    r'^GRANT TEMP ON DATABASE "dev" TO "\w+"$', r'^GRANT DELETE ON "\w+"."\w+", "\w+"."\w+" TO "\w+"$', r'^GRANT USAGE ON SCHEMA "sluice" TO "\w+"$', r'^GRANT SELECT, INSERT, UPDATE, DELETE ON "sluice"\."\w+" TO "\w+"$',
    # Of what is made, and altered by `sluice ddl --apply`.
    r'^CREATE SCHEMA IF NOT EXISTS "tracking"$', r'^CREATE TABLE IF NOT EXISTS "sluice"."(control|lock|version)" \(', r'^CREATE TABLE IF NOT EXISTS "sluice"."(duplicates|quarantine)" \(.*\) SORTKEY \(object\)$',
    r'^CREATE TABLE IF NOT EXISTS "tracking"."\w+" \(', r'^ALTER TABLE "tracking"."\w+" ADD COLUMN "\w+" VARCHAR\(\d+\) ENCODE zstd$',
    r'^ALTER TABLE "tracking"."\w+" ALTER COLUMN "\w+" TYPE VARCHAR\(\d+\)$', r'^GRANT (SELECT|SELECT, UPDATE) ON "sluice"\."\w+" TO "\w+"$',
    r'^GRANT SELECT, INSERT ON "tracking"\."\w+" TO "\w+"$', r'^GRANT USAGE ON SCHEMA "tracking" TO "\w+"$', r'^INSERT INTO "sluice"."(control|version)" SELECT .* WHERE NOT EXISTS',
    # Of staging.
    *(rf'^CREATE TEMP TABLE "sluice_{of}_\d+" \(' for of in ("stage", "old", "other")), *(rf'^CREATE TEMP TABLE "sluice_{of}" \(' for of in ("bad", "was", "read", "replayed", "tally")), r'^COPY "sluice_old_\d+" \(', *(rf'^COPY "sluice_{of}" \("object", "table_name", "batch"\) FROM ' for of in ("was", "read")),
    r'^SELECT CAST\(sluice_object AS VARCHAR\), CAST\(COUNT\(\*\) AS VARCHAR\), CAST\(.* FROM "sluice_stage_\d+" GROUP BY ', r', CAST\(COUNT\(\*\) - COUNT\("source"\) AS VARCHAR\) FROM "sluice_stage_',
    *(rf'^SELECT CAST\(sluice_object AS VARCHAR\), CAST\(COUNT\(\*\) AS VARCHAR\) FROM "sluice_{of}_\d+" GROUP BY ' for of in ("old", "other")), r'^SELECT CAST\(object AS VARCHAR\), table_name, .* FROM "sluice_bad" GROUP BY ',
    r'^SELECT CAST\(w\.object AS VARCHAR\), .* JOIN "sluice_plan" p ', r'^SELECT CAST\(l\.object AS VARCHAR\), .* JOIN "sluice_old_\d+" s ',
    # Of transactions.
    r'^CREATE TEMP TABLE "sluice_gone" AS SELECT ', r'^DELETE FROM "sluice"."quarantine" WHERE ', r'^DELETE FROM "sluice"."duplicates" WHERE .* JOIN "sluice_plan" ', r'^DELETE FROM "sluice"."duplicates" WHERE .* "sluice_back" ',
    r'^DELETE FROM "tracking"."\w+" USING "sluice_gone_\d+" g WHERE ', r'^DELETE FROM "tracking"."\w+" WHERE "sluice_object" IN ', r'^INSERT INTO "sluice_losers" SELECT ', r'^INSERT INTO "tracking"."\w+" \(.*\) SELECT .* FROM "sluice_stage_\d+" s ',
    r'^INSERT INTO "tracking"."\w+" \(.*\) SELECT .* FROM "sluice_other_\d+" s JOIN "sluice_back" ',
    r'^UPDATE "sluice"."ledger" SET loaded = loaded \+ m_rows, ', r'^UPDATE "sluice"."control" SET paused = 1, reason = ', r'^UPDATE "sluice"."control" SET paused = 0, reason = NULL ',
    r'^UPDATE "sluice"."quarantine" SET accepted = .* WHERE .* ended_at IS NULL ',
    # Of what is asked.
    r'^SELECT CAST\(object AS VARCHAR\), state, batch, COALESCE\(reason, .* object IN \(', r'^SELECT CAST\(object AS VARCHAR\), object_identity, .* ORDER BY loaded_at DESC', r'^SELECT CAST\(COUNT\(\*\) AS VARCHAR\) FROM .* state = .set_aside. ',
    r'^SELECT CAST\(COUNT\(\*\) AS VARCHAR\) FROM .* l\.reason = ', r'^SELECT CAST\(COUNT\(\*\) AS VARCHAR\) FROM "sluice"."quarantine" WHERE .* accepted = ', r'^SELECT CAST\(COUNT\(\*\) AS VARCHAR\) FROM .* d\.differs = 1( AND d\.event_time |$)',
    r'^SELECT CAST\(COUNT\(\*\) AS VARCHAR\) FROM "tracking"."\w+"$', r'^SELECT CAST\(COUNT\(\*\) AS VARCHAR\), CAST\(COALESCE\(SUM\(d\.n - 1\)', r'^SELECT CAST\(\(SELECT COUNT\(\*\) FROM "tracking"\."\w+"\) AS VARCHAR\), ',
    r'^SELECT CAST\(MAX\(version\) AS VARCHAR\) FROM "sluice"."version"$', r'^SELECT COALESCE\(reason, .* paused <> 0$', r'^SELECT MAX\(id\), MAX\(CASE WHEN paused <> 0 ', r'^SELECT CASE WHEN \(SELECT COUNT\(\*\) FROM "sluice"."version"\) > 0 AND ',
    r'^SELECT CAST\("\w+" AS VARCHAR\(65535\)\), .* FROM "tracking"\."\w+" LIMIT \d+$', r'^SELECT p\.table_name, .* CASE WHEN p\.replay_of = 0 ', r'^SELECT table_name, CAST\(SUM\(CASE WHEN replay_of = 0 ',
    r'^SELECT x\.table_name, .* FROM "sluice"\."duplicates" x ', r'^WITH page AS \(',
    # Of `sluice check`, and of the probe, each of which has tables of its own.
    r"^SELECT 'USAGE on sluice', .* has_table_privilege\(", r"^SELECT 'row' FROM ", r'^SELECT nspname FROM pg_namespace WHERE nspname = ', r'^SELECT current_user$', r'^SELECT version\(\)$',
    r'^CREATE TEMP TABLE "?sluice_probe_\w+"? \(', r'^CREATE TEMP TABLE sluice_probe_\w+ AS SELECT ', r'^COPY "sluice_probe_\w+" \(', r'^INSERT INTO sluice_probe_\w+ ', r'^SELECT .* FROM sluice_probe_\w+',
    r'^CREATE TABLE (IF NOT EXISTS )?"sluice"."(rows|more|numbers|events|all)" \(', r'^DROP TABLE IF EXISTS "sluice"."\w+"$', r'^DROP SCHEMA IF EXISTS "sluice"$', r'^INSERT INTO "sluice"."(rows|more|numbers)" ', r'^SELECT .* FROM "sluice"."(rows|more|numbers|events|all)"',
]

# What must be said somewhere, and makes a statement of no kind.
SAID = [r" name = 'it''s another'"]

# By tests in sluice's own sessions, or about them.
OF_TESTS = [r'^(DELETE FROM|INSERT INTO|UPDATE) sluice_(stage_\d|bad) ', r'^GRANT CREATE ON (SCHEMA sluice|DATABASE dev) TO sluice_loader$']

# What sqlglot is known not to read, and where Redshift has it.
UNREAD_BY_SQLGLOT = {
    r'^LOCK "sluice"."lock"$': "Database Developer Guide, LOCK: LOCK [ TABLE ] table_name [, ...]",
    r'^GRANT DELETE ON "tracking"."events", "tracking"."utm" TO ': "Database Developer Guide, GRANT: ON { [ TABLE ] table_name [, ...]",
    r' SORTKEY AUTO\b| INTERLEAVED SORTKEY \(': "Database Developer Guide, CREATE TABLE: [COMPOUND | INTERLEAVED] SORTKEY (column_name [,...])",
}

_LINTER = Linter(config=FluffConfig(overrides={"dialect": "redshift", "large_file_skip_byte_limit": 0}))


def sqlglot_finds(sql):
    """What is wrong, or nothing."""
    try:
        statements = sqlglot.parse(sql, dialect="redshift", error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as why:
        return str(why)
    if len(statements) != 1 or statements[0] is None:
        return f"{len(statements)} statements"
    commands = [command.sql() for command in statements[0].find_all(sqlglot.exp.Command)]
    return f"it is left unread: {commands[0]}" if commands else ""


def sqlfluff_finds(sql):
    parsed = _LINTER.parse_string(sql)
    whole = parsed.root_variant()
    if parsed.violations or whole is None:
        return "; ".join(map(str, parsed.violations)) or "nothing was parsed"
    return "; ".join(segment.raw for segment in whole.tree.recursive_crawl("unparsable"))


class RedshiftSqlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        logging.getLogger("sqlglot").setLevel(logging.ERROR)  # of each Command

    def setUp(self):
        self.recorded = recorded_sql.kept(FOLDER)

    def test_every_kind_was_recorded(self):
        for kind in KINDS + SAID:
            self.assertTrue(any(re.search(kind, sql, re.S) for sql in self.recorded), f"no {kind} among {len(self.recorded)} statements")

    def test_whatever_was_recorded_is_of_a_kind(self):
        for sql in self.recorded:
            with self.subTest(sql=sql):
                self.assertTrue(any(re.search(kind, sql, re.S) for kind in KINDS + OF_TESTS), "it is of none")

    def test_sqlglot_reads_all(self):
        for sql in self.recorded:
            with self.subTest(sql=sql):
                known = any(re.search(pattern, sql) for pattern in UNREAD_BY_SQLGLOT)
                self.assertRegex(sqlglot_finds(sql), "." if known else "^$")

    def test_sqlfluff_reads_all(self):
        for sql in self.recorded:
            with self.subTest(sql=sql):
                self.assertEqual(sqlfluff_finds(sql), "")

    def test_what_is_broken_is_found(self):
        """A word or a parenthesis too few, or too many."""
        for sql in ("SELECT 1 / CASE WHEN a = 1 THEN 1 ELSE 0", "INSERT INTO a (b, c SELECT 1, 2", 'DELETE FROM "a" WHERE WHERE b = 1',
                    "UPDATE a SET = 1"):
            self.assertNotEqual(sqlglot_finds(sql), "", sql)
            self.assertNotEqual(sqlfluff_finds(sql), "", sql)
        for sql in "LOCK TABLE IN a", "COPY a FROM IAM_ROLE 'x' FORMAT AS PARQUET", "CREATE TABLE a (b VARCHAR(3) SORTKEY (b)":
            self.assertNotEqual(sqlfluff_finds(sql), "", sql)

    def test_a_shape_keeps_what_matters(self):
        same = recorded_sql.one_of_each_shape(['SELECT CASE WHEN a = 1 THEN 1 WHEN a = 2 THEN 2 END FROM "t_1"',
                                               'SELECT CASE WHEN a = 7 THEN 9 END FROM "t_22"'])
        self.assertEqual(same, ['SELECT CASE WHEN a = 7 THEN 9 END FROM "t_22"'])
        different = ["SELECT 'a'", "SELECT 'it''s'", "SELECT 1", "SELECT a"]
        self.assertEqual(recorded_sql.one_of_each_shape(different), sorted(different))


if __name__ == "__main__":
    unittest.main()
