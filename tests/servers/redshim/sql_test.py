# SPDX-License-Identifier: Apache-2.0
"""The dialect: what Redshift does with SQL that PostgreSQL would do otherwise."""
import unittest

import psycopg

from redshim_case import RedshimCase

REFUSED = """
INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING | syntax error
INSERT INTO t (a) VALUES (1) RETURNING a | syntax error
UPDATE t SET a = 1 RETURNING a | syntax error
DELETE FROM t RETURNING a | syntax error
SELECT DISTINCT ON (a) a FROM t | not supported
SELECT COUNT(*) FILTER (WHERE a = 1) FROM t | syntax error
SELECT 1 FROM t, LATERAL (SELECT t.a) x | not supported
SELECT 1 FROM t WHERE a IS DISTINCT FROM 1 | syntax error
SELECT 1 FROM (VALUES (1)) x | syntax error
VALUES (1) | syntax error
SELECT a FROM t FOR UPDATE | not supported
SELECT a FROM t FETCH FIRST 1 ROWS ONLY | syntax error
WITH x AS (SELECT 1) INSERT INTO t (a) SELECT * FROM x | syntax error
WITH x AS (DELETE FROM t) SELECT 1 | syntax error
INSERT INTO t (a, s) VALUES (1, DEFAULT), (2, 'x') | not supported
INSERT INTO t (a, s) VALUES (1, 'x'), (2, DEFAULT) | not supported
CREATE INDEX i ON t (a) | not supported
CREATE UNIQUE INDEX i ON t (a) | not supported
SAVEPOINT x | not supported
CREATE SEQUENCE x | not supported
CREATE TYPE x AS ENUM ('a') | not supported
CREATE EXTENSION pgcrypto | not supported
DO $$BEGIN END$$ | not supported
CREATE UNLOGGED TABLE x (a INTEGER) | syntax error
CREATE TABLE x (a JSONB) | not supported
CREATE TABLE x (a INTEGER[]) | not supported
CREATE TABLE x (a UUID) | not supported
CREATE TABLE x (a SERIAL) | not supported
CREATE TABLE x (a INTEGER CHECK (a > 0)) | syntax error
CREATE TABLE x (a INTEGER, CHECK (a > 0)) | not supported
CREATE TABLE x (a NUMERIC(39, 2)) | precision
CREATE TABLE x (a VARCHAR(65536)) | cannot exceed
CREATE TABLE x (tag INTEGER) | syntax error
CREATE TEMP TABLE x (a INTEGER) ON COMMIT DROP | syntax error
CREATE TABLE x (LIKE t INCLUDING ALL) | syntax error
CREATE TABLE IF NOT EXISTS x AS SELECT 1 AS a | syntax error
CREATE TABLE x (s SUPER DISTKEY) | SUPER
SELECT tag FROM t | syntax error
SELECT a::jsonb FROM t | not supported
SELECT CAST(a AS uuid) FROM t | not supported
SELECT 't'::regclass | not supported
SELECT ARRAY[1, 2] | not supported
SELECT a FROM t WHERE a = ANY ('{1}') | not supported
SELECT ARRAY_AGG(a) FROM t | does not exist
SELECT STRING_AGG(s, ',') FROM t | does not exist
SELECT error('x') | does not exist
SELECT pg_advisory_xact_lock(1) | does not exist
SELECT pg_sleep(1) | does not exist
SELECT gen_random_uuid() | does not exist
SELECT a FROM t, generate_series(1, 3) | not supported on Redshift tables
INSERT INTO t (a) SELECT * FROM generate_series(1, 3) | not supported on Redshift tables
INSERT INTO t (s) SELECT column_name FROM svv_columns | not supported on Redshift tables
CREATE TABLE x AS SELECT relname FROM t JOIN pg_class ON TRUE | not supported on Redshift tables
INSERT INTO t (at) SELECT now() | not supported on Redshift tables
TRUNCATE t, t | syntax error
TRUNCATE t CASCADE | syntax error
LOCK TABLE t IN SHARE MODE | syntax error
LOCK t NOWAIT | syntax error
ALTER TABLE t ADD COLUMN IF NOT EXISTS b INTEGER | syntax error
ALTER TABLE t ADD COLUMN b INTEGER, ADD COLUMN c INTEGER | syntax error
ALTER TABLE t ADD COLUMN b INTEGER NOT NULL | NOT NULL
ALTER TABLE t ALTER COLUMN a SET NOT NULL | not supported
ALTER TABLE t ALTER COLUMN a TYPE BIGINT | only supported for VARCHAR
EXPLAIN ANALYZE SELECT 1 | not supported
COPY t FROM STDIN | not supported
COPY t TO STDOUT | not supported
SET lock_timeout TO 100 | unrecognized configuration parameter
SET idle_in_transaction_session_timeout TO 100 | unrecognized configuration parameter
SELECT 'a | unterminated
"""


class SqlTest(RedshimCase):
    def setUp(self):
        super().setUp()
        self.db.execute("CREATE TABLE t (a INTEGER, s VARCHAR(5), c CHAR(3), at TIMESTAMP)")

    def test_what_redshift_does_not_have_is_refused(self):
        for line in REFUSED.strip().splitlines():
            sql, says = line.split(" | ")
            with self.subTest(sql):
                self.fails(sql, says)

    def test_what_a_loader_needs_is_not_refused(self):
        for sql in ("CREATE TABLE x (id BIGINT IDENTITY(1,1), a INTEGER NOT NULL ENCODE az64, b VARCHAR(MAX) DEFAULT 'x' ENCODE zstd, s SUPER, "
                    "PRIMARY KEY (a)) DISTSTYLE KEY DISTKEY (a) COMPOUND SORTKEY (a, b)",
                    "CREATE TABLE y (a INTEGER DISTKEY SORTKEY UNIQUE) BACKUP NO",
                    "CREATE TEMP TABLE z (LIKE x INCLUDING DEFAULTS)", "CREATE TEMP TABLE w DISTSTYLE ALL AS SELECT a, b FROM x",
                    "CREATE TABLE IF NOT EXISTS t (a INTEGER)", "INSERT INTO x (a, s) SELECT 1, JSON_PARSE('{\"a\": [1, \"x\"]}')",
                    "DELETE FROM t USING x WHERE t.a = x.a", "UPDATE t SET s = x.b FROM x WHERE t.a = x.a", "DELETE t WHERE a = 1",
                    "MERGE INTO t USING x ON t.a = x.a WHEN MATCHED THEN UPDATE SET s = 'm' WHEN NOT MATCHED THEN INSERT (a) VALUES (x.a)",
                    "SELECT GETDATE(), SYSDATE, NVL(NULL, 1), LEN('é')", "SET query_group TO 'etl'", "SET statement_timeout TO 60000",
                    "SET timezone TO 'UTC'", "SET application_name TO 'x'", "VACUUM t", "ANALYZE t", "BEGIN ISOLATION LEVEL SERIALIZABLE", "END",
                    "ALTER TABLE t ADD COLUMN n INTEGER DEFAULT 3 NOT NULL ENCODE az64", "ALTER TABLE t ALTER COLUMN s TYPE VARCHAR(9)",
                    "GRANT SELECT ON t TO PUBLIC", "CREATE GROUP loaders" + self.schema, "ALTER TABLE t ADD PRIMARY KEY (a)", "DROP TABLE y",
                    f"CREATE USER u_{self.schema} PASSWORD DISABLE SYSLOG ACCESS RESTRICTED SESSION TIMEOUT 60",
                    f"ALTER USER u_{self.schema} SET query_group TO 'etl'", f"CREATE ROLE r_{self.schema}",
                    f"GRANT SELECT, INSERT ON t TO ROLE r_{self.schema}",
                    f"GRANT ROLE r_{self.schema} TO u_{self.schema}", f"REVOKE INSERT ON t FROM ROLE r_{self.schema}"):
            with self.subTest(sql):
                self.db.execute(sql)

    def test_primary_and_unique_keys_are_not_enforced(self):
        self.db.execute("CREATE TABLE k (a INTEGER PRIMARY KEY, b INTEGER UNIQUE, c INTEGER, UNIQUE (b, c))")
        self.db.execute("INSERT INTO k VALUES (1, 1, 1), (1, 1, 1)")
        self.assertEqual(self.one("SELECT COUNT(*) FROM k"), 2)
        self.fails("INSERT INTO k VALUES (NULL, 1, 1)", "Cannot insert a NULL value into column a")

    def test_varchar_and_char_are_measured_in_bytes(self):
        self.db.execute("INSERT INTO t (s, c) VALUES ('äb', 'abc')")
        self.fails("INSERT INTO t (s) VALUES ('äöü')", "value too long for type character varying(5)", state="22001")
        self.fails("INSERT INTO t (s) SELECT 'äöü'", "Value too long for character type", state="XX000")
        self.fails("UPDATE t SET s = 'äöü'", "Value too long for character type", state="XX000")
        self.fails("INSERT INTO t (c) VALUES ('ä')", "value too long for type character", state="22001")

    def test_bytes_are_measured_in_tables_made_of_others_too(self):
        for number, made in enumerate(("CREATE TEMP TABLE {} (LIKE t)", "CREATE TABLE {} AS SELECT a, s FROM t", "SELECT a, s INTO {} FROM t")):
            with self.subTest(made):
                self.db.execute(made.format(f"x{number}"))
                self.fails(f"INSERT INTO x{number} (s) VALUES ('äöü')", "value too long")
        self.db.execute("ALTER TABLE t ALTER COLUMN s TYPE VARCHAR(6)")
        self.db.execute("INSERT INTO t (s) VALUES ('äöü')")
        self.fails("INSERT INTO t (s) VALUES ('äöüa')", "value too long for type character varying(6)")

    def test_a_cast_cuts_after_so_many_bytes(self):
        self.db.execute("INSERT INTO t (s) VALUES ('äb'), (NULL)")
        self.assertEqual(self.rows("SELECT CAST('äöü' AS VARCHAR(5)), CAST(12 AS VARCHAR(9)), CAST(CAST('äöü' AS VARCHAR(3)) AS VARCHAR(9))"),
                         [("äö", "12", "ä")])
        self.assertEqual(self.rows("SELECT CAST(s || 'x' AS VARCHAR(1)), COUNT(*) FROM t GROUP BY CAST(s || 'x' AS VARCHAR(1)) ORDER BY 1"),
                         [("", 1), (None, 1)])

    def test_text_is_varchar_of_256_bytes(self):
        self.db.execute("CREATE TABLE x (a TEXT, b VARCHAR, c DECIMAL)")
        kinds = self.rows(f"SELECT column_name, character_maximum_length, numeric_precision, numeric_scale FROM svv_columns "
                          f"WHERE table_schema = '{self.schema}' AND table_name = 'x' ORDER BY ordinal_position")
        self.assertEqual(kinds, [("a", 256, None, None), ("b", 256, None, None), ("c", None, 18, 0)])

    def test_the_catalogue_lists_tables_and_their_columns(self):
        self.assertEqual(self.rows(f"SELECT table_name, table_type FROM svv_tables WHERE table_schema = '{self.schema}'"), [("t", "BASE TABLE")])
        columns = f"""SELECT "column", type, "notnull" FROM pg_table_def WHERE schemaname = '{self.schema}' AND tablename = 't'"""
        self.assertEqual(self.rows(columns)[:2], [("a", "integer", False), ("s", "character varying(5)", False)])
        self.db.execute("SET search_path TO public")  # pg_table_def shows what is in the search path
        self.assertEqual(self.rows(columns), [])

    def test_a_backslash_escapes_in_every_literal(self):
        self.assertEqual(self.one(r"SELECT 'a\\b\'c'"), r"a\b'c")

    def test_quoted_names_are_made_small(self):
        self.db.execute('CREATE TABLE "Mixed" ("Key" INTEGER)')
        self.assertEqual(self.rows('SELECT "KEY" FROM mixed'), [])

    def test_identity_columns_count_and_cannot_be_given(self):
        self.db.execute("CREATE TABLE i (id BIGINT IDENTITY(0,2), a INTEGER)")
        self.db.execute("INSERT INTO i (a) VALUES (1)")
        self.db.execute("INSERT INTO i (a) VALUES (1)")
        self.assertEqual(self.rows("SELECT id FROM i ORDER BY id"), [(0,), (2,)])
        self.fails("INSERT INTO i (id, a) VALUES (1, 1)", "identity")

    def test_super_parses_json(self):
        self.db.execute("CREATE TABLE j (s SUPER)")
        self.db.execute("""INSERT INTO j SELECT JSON_PARSE('{"a": 1}')""")
        self.fails("INSERT INTO j SELECT JSON_PARSE('{')", "Invalid JSON")
        self.fails(f"""SELECT JSON_PARSE('"{"x" * 65536}"')""", "65535")
        self.assertEqual(self.db.execute("SELECT s FROM j").description[0].type_code, 4000)
        self.fails("SELECT JSON_PARSE('[' || REPEAT('1,', 8400000) || '1]')", "16 MB")

    def test_it_says_that_it_is_postgresql_8(self):
        self.assertEqual(self.db.info.server_version, 80002)
        self.assertIsNone(self.db.info.parameter_status("standard_conforming_strings"))

    def test_settings_of_redshift_are_kept(self):
        self.db.execute("SET query_group TO 'etl'")
        self.assertEqual(self.one("SHOW query_group"), "etl")
        self.db.execute("RESET query_group")
        self.assertEqual(self.one("SHOW query_group"), "unset")

    def test_a_large_statement_is_refused(self):
        self.fails("SELECT '" + "x" * (16 << 20) + "'", "Statement is too large")

    def test_division_by_zero_fails_on_tables(self):
        self.fails("SELECT 1 / (SELECT COUNT(*) FROM t)", "Divide by zero")

    def test_merge_of_a_row_with_several_fails(self):
        self.db.execute("INSERT INTO t (a) VALUES (1)")
        self.db.execute("CREATE TEMP TABLE x AS SELECT 1 AS a UNION ALL SELECT 1")
        self.fails("MERGE INTO t USING x ON t.a = x.a WHEN MATCHED THEN UPDATE SET s = 'm' WHEN NOT MATCHED THEN INSERT (a) VALUES (x.a)",
                   "Found multiple matches to update the same tuple")

    def test_parameters_are_bound(self):
        self.db.execute("INSERT INTO t (a, s) VALUES (%s, %s)", (1, "x'y"))
        self.assertEqual(self.db.execute("SELECT s FROM t WHERE a = %s", (1,)).fetchall(), [("x'y",)])
        with self.assertRaises(psycopg.Error):
            self.db.execute("INSERT INTO t (s) VALUES (%s)", ("äöü",))
        with self.assertRaises(psycopg.Error):
            self.db.execute("INSERT INTO t (a) VALUES (%s) ON CONFLICT DO NOTHING", (1,))
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 1)

    def test_passwords_tls_and_rights_are_checked(self):
        with self.assertRaisesRegex(psycopg.OperationalError, "password authentication failed"):
            self.connect("awsuser", "wrong")
        with self.assertRaisesRegex(psycopg.OperationalError, "SSL off"):
            self.connect(sslmode="disable")
        with self.assertRaisesRegex(psycopg.OperationalError, "certificate"):
            self.connect(sslrootcert="system")
        loader = self.connect(self.environment["SLUICE_REDSHIM_USER"], self.environment["SLUICE_REDSHIM_PASSWORD"])
        self.fails(f"SELECT * FROM {self.schema}.t", "permission denied", db=loader)
        self.db.execute(f"CREATE USER u{self.schema} PASSWORD 'Abcdefg1'")
        self.assertEqual(self.one("SELECT current_user", self.connect("u" + self.schema, "Abcdefg1")), "u" + self.schema)

    def test_options_of_the_connection_are_set(self):
        self.assertEqual(self.one("SHOW statement_timeout", self.connect(options="-c statement_timeout=7000")), "7s")
        with self.assertRaisesRegex(psycopg.OperationalError, "unrecognized configuration parameter"):
            self.connect(options="-c lock_timeout=7000")

    def test_a_loader_with_the_right_to_insert_alone_can_insert(self):
        user = self.environment["SLUICE_REDSHIM_USER"]
        self.db.execute(f"GRANT USAGE ON SCHEMA {self.schema} TO {user}")
        self.db.execute(f"GRANT INSERT ON t TO {user}")
        self.connect(user, self.environment["SLUICE_REDSHIM_PASSWORD"]).execute(f"INSERT INTO {self.schema}.t (a) VALUES (1)")


if __name__ == "__main__":
    unittest.main()
