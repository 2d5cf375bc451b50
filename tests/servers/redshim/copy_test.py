# SPDX-License-Identifier: Apache-2.0
"""COPY from Parquet in S3: what is loaded, what is refused, and how little the refusals say."""
import datetime
import decimal
import io
import json
import pathlib
import tempfile
import unittest

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from redshim_case import BUCKET, RedshimCase, servers


def table(**columns):
    return pa.table(columns)


ONE = table(a=pa.array([1], pa.int32()))


class CopyTest(RedshimCase):
    def copied(self, definition, data, options="", **write):
        """The rows of a new table of one column after a file with these values was loaded into it."""
        self.db.execute("DROP TABLE IF EXISTS x")
        self.db.execute(f"CREATE TABLE x (c {definition})")
        self.copy("x", self.put_parquet(table(c=data), **write), options=options)
        return [row[0] for row in self.rows("SELECT c FROM x")]

    def mismatches(self, definition, data, says="incompatible Parquet schema", options="", **write):
        self.db.execute("DROP TABLE IF EXISTS x")
        self.db.execute(f"CREATE TABLE x (c {definition})")
        return self.copy_fails("x", self.put_parquet(table(c=data), **write), says=says, options=options)

    def test_each_type_is_loaded(self):
        day, time = datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2, 3, 4, 5, 678901)
        for definition, values, kind in (
                ("SMALLINT", [1, None], pa.int16()), ("INTEGER", [-1], pa.int32()), ("BIGINT", [2 ** 62], pa.int64()), ("REAL", [1.5], pa.float32()),
                ("DOUBLE PRECISION", [0.1, None], pa.float64()), ("BOOLEAN", [True, False, None], pa.bool_()), ("DATE", [day], pa.date32()),
                ("DECIMAL(18,9)", [decimal.Decimal("1.000000001")], pa.decimal128(18, 9)),
                ("VARCHAR(20)", ["", None, 'a"b\'c\\n,\n', "é"], pa.string())):
            with self.subTest(definition):
                self.assertEqual(self.copied(definition, pa.array(values, kind)), values)
        self.assertEqual(self.copied("TIMESTAMP", pa.array([time], pa.timestamp("us", "UTC"))), [time])
        self.assertEqual(self.copied("TIMESTAMP", pa.array([time], pa.timestamp("us")), use_deprecated_int96_timestamps=True), [time])
        self.assertEqual(self.copied("CHAR(3)", pa.array(["ab"])), ["ab "])

    def test_types_have_to_be_the_columns_own(self):
        one, day = pa.array([1], pa.int32()), pa.array([datetime.datetime(2026, 1, 1)], pa.timestamp("ns"))
        for definition, data in (("BIGINT", one), ("SMALLINT", one), ("INTEGER", one.cast(pa.int64())), ("VARCHAR(9)", one),
                                 ("REAL", pa.array([1.0])),
                                 ("DOUBLE PRECISION", pa.array([1.0], pa.float32())), ("INTEGER", pa.array(["1"])), ("BOOLEAN", one), ("DATE", one),
                                 ("INTEGER", pa.array([1], pa.uint32())), ("VARCHAR(9)", pa.array([b"x"])), ("TIMESTAMP", pa.array([1], pa.int64())),
                                 ("TIMESTAMP", day), ("TIME", pa.array(["01:00:00"])), ("VARCHAR(9)", pa.array([["x"]])),
                                 ("DECIMAL(10,2)", pa.array([decimal.Decimal("1.5")], pa.decimal128(9, 2))),
                                 ("DECIMAL(10,2)", pa.array([decimal.Decimal("1.5")], pa.decimal128(10, 1)))):
            with self.subTest(definition=definition, type=data.type):
                self.mismatches(definition, data)

    def test_the_message_says_nothing_and_the_detail_is_spectrums(self):
        error = self.mismatches("VARCHAR(9)", pa.array([1], pa.int64()))
        self.assertEqual(error.diag.message_primary, "Spectrum Scan Error")
        self.assertIn("code:      15007", error.diag.message_detail)
        self.assertIn("Column type: CHARACTER VARYING(9), Parquet schema:\noptional int64 c", error.diag.message_detail)

    def test_a_timestamp_without_the_old_annotation_is_misread(self):
        loaded = self.db.execute
        loaded("CREATE TABLE y (c TIMESTAMP)")
        self.copy("y", self.put_parquet(table(c=pa.array([datetime.datetime(2026, 1, 2), None], pa.timestamp("us")))))
        self.assertEqual(self.rows("SELECT c::varchar FROM y ORDER BY 1"), [("161065-01-01 00:00:00",), (None,)])

    def test_columns_are_taken_by_position(self):
        self.db.execute("CREATE TABLE t (a VARCHAR(5), b VARCHAR(5), d INTEGER DEFAULT 7)")
        file = self.put_parquet(table(b=["1"], a=["2"]))
        self.copy("t (a, b)", file)
        self.copy("t (b, a)", file)
        self.assertEqual(self.rows("SELECT a, b, d FROM t ORDER BY a"), [("1", "2", 7), ("2", "1", 7)])

    def test_the_number_of_columns_has_to_be_the_same(self):
        self.db.execute("CREATE TABLE t (a VARCHAR(5), b VARCHAR(5))")
        self.copy_fails("t", self.put_parquet(table(a=["1"])), 
                        says="Unmatched number of columns between table and file. Table columns: 2, Data columns: 1")
        self.copy_fails("t", self.put_parquet(table(a=["1"], b=["1"], c=["1"])), says="Data columns: 3", options="FILLRECORD")
        self.copy("t", self.put_parquet(table(a=["1"])), options="FILLRECORD")
        self.assertEqual(self.rows("SELECT * FROM t"), [("1", None)])

    def test_columns_left_out_have_to_allow_it(self):
        self.db.execute("CREATE TABLE t (id BIGINT IDENTITY(1,1), a INTEGER, b INTEGER NOT NULL)")
        self.copy_fails("t (a)", self.put_parquet(ONE), says="NOT NULL column without DEFAULT must be included in column list")
        self.copy_fails("t (a, zz)", self.put_parquet(ONE), says='column "zz"', state="42703")
        self.copy_fails("nowhere", self.put_parquet(ONE), says="nonexistent table", state="42P01")
        self.copy("t (a, b)", self.put_parquet(table(a=pa.array([1], pa.int32()), b=pa.array([2], pa.int32()))))
        self.assertEqual(self.rows("SELECT * FROM t"), [(1, 1, 2)])

    def test_null_in_a_column_that_is_not_null_fails(self):
        self.mismatches("INTEGER NOT NULL", pa.array([1, None], pa.int32()), says="NOT NULL")

    def test_lengths_are_bytes_and_nothing_is_cut(self):
        self.assertEqual(self.copied("VARCHAR(4)", pa.array(["éé"])), ["éé"])
        self.mismatches("VARCHAR(4)", pa.array(["ééé"]), says="The length of the data column c is longer than the length defined in the table. "
                        "Table: 4, Data: 6")
        self.mismatches("CHAR(4)", pa.array(["é"]), says="several bytes")

    def test_text_ends_at_nul(self):
        self.assertEqual(self.copied("VARCHAR(9)", pa.array(["ab\0cd"])), ["ab"])

    def test_bad_characters_are_refused_or_replaced(self):
        bad = pa.Array.from_buffers(pa.string(), 1, pa.array([b"a\xffb"]).buffers())
        for data in bad, pa.array(["a\uffffb"]):
            self.mismatches("VARCHAR(9)", data, says="invalid or unsupported UTF8")
            self.assertEqual(self.copied("VARCHAR(9)", data, options="ACCEPTINVCHARS AS '#'"), ["a#b"])

    def test_super_needs_serializetojson_and_keeps_strings_strings(self):
        self.mismatches("SUPER", pa.array(['{"a": 1}']), says="Invalid type: 4000")
        self.db.execute("CREATE TABLE s (t SUPER, n SUPER)")
        self.copy("s", self.put_parquet(table(t=['{"a": 1}'], n=[{"a": [1, 2]}])), options="SERIALIZETOJSON")
        self.assertEqual(self.rows("SELECT JSON_TYPEOF(t), JSON_TYPEOF(n), JSON_SERIALIZE(n) FROM s"), [("string", "object", '{"a": [1, 2]}')])

    def test_decimals_may_be_stored_as_integers(self):
        out = io.BytesIO()
        pq.write_table(table(c=pa.array([decimal.Decimal("1.5")], pa.decimal128(9, 1))), out, store_decimal_as_integer=True)
        self.db.execute("CREATE TABLE d (c DECIMAL(9,1))")
        self.copy("d", self.put(self.schema + "/d.parquet", out.getvalue()))
        self.assertEqual(self.one("SELECT c FROM d"), decimal.Decimal("1.5"))

    def test_a_decimal_in_more_bytes_than_it_takes_is_refused(self):
        """DuckDB has 16 for every decimal of more than 18 digits."""
        path = self.enterContext(tempfile.NamedTemporaryFile(suffix=".parquet")).name

        def written(digits):
            self.db.execute(f"CREATE TABLE d{digits} (c DECIMAL({digits},1))")
            duckdb.sql(f"COPY (SELECT 1.5::DECIMAL({digits},1) AS c) TO '{path}' (FORMAT parquet)")
            return self.put(f"{self.schema}/d{digits}.parquet", pathlib.Path(path).read_bytes())

        self.copy("d38", written(38))
        self.assertEqual(self.one("SELECT c FROM d38"), decimal.Decimal("1.5"))
        self.copy_fails("d20", written(20), says="invalid type length. Expecting: 9 len in file: 16")

    def test_pages_are_of_the_first_version_and_of_what_redshift_writes_itself(self):
        data = pa.array([1, 2, 3], pa.int32())
        for fits in {"compression": "none"}, {"compression": "gzip"}, {"use_dictionary": False}, {"version": "1.0"}:
            self.assertEqual(self.copied("INTEGER", data, **fits), [1, 2, 3])
        for other, says in (({"compression": "zstd"}, "ZSTD"), ({"compression": "lz4"}, "LZ4"), ({"compression": "brotli"}, "BROTLI"),
                            ({"data_page_version": "2.0"}, "DATA_PAGE_V2"), ({"data_page_version": "2.0", "use_dictionary": False}, "DATA_PAGE_V2"),
                            ({"use_dictionary": False, "column_encoding": "DELTA_BINARY_PACKED"}, "DELTA_BINARY_PACKED"),
                            ({"use_dictionary": False, "column_encoding": "BYTE_STREAM_SPLIT"}, "BYTE_STREAM_SPLIT")):
            with self.subTest(other):
                self.mismatches("INTEGER", data, says="unsupported Parquet feature: " + says, **other)
        self.addCleanup(self.control, "PUT", "/codecs", ["UNCOMPRESSED", "SNAPPY", "GZIP"])
        self.control("PUT", "/codecs", ["ZSTD"])
        self.assertEqual(self.copied("INTEGER", data, compression="zstd"), [1, 2, 3])
        self.mismatches("INTEGER", data, says="SNAPPY")

    def test_options_of_other_formats_are_refused(self):
        self.db.execute("CREATE TABLE t (a INTEGER)")
        for option in ("MAXERROR 3", "ACCEPTANYDATE", "TRUNCATECOLUMNS", "BLANKSASNULL", "EMPTYASNULL", "NULL AS ''", "TIMEFORMAT 'auto'", "NOLOAD",
                       "COMPUPDATE OFF", "REGION 'us-east-1'", "GZIP", "IGNOREHEADER 1"):
            with self.subTest(option):
                self.copy_fails("t", self.put_parquet(ONE), options=option, says="argument is not supported for PARQUET based COPY", state="0A000")
        self.copy("t", self.put_parquet(ONE), options="STATUPDATE OFF")

    def test_a_manifest_needs_lengths_that_are_true(self):
        self.db.execute("CREATE TABLE t (a INTEGER)")
        entry = self.put_parquet(ONE)
        for meta, says in ((None, "File entry does not have 'meta' key."), ({}, "'content_length'"),
                           ({"content_length": 1}, "does not match the size")):
            changed = {k: v for k, v in entry.items() if k != "meta"} | ({"meta": meta} if meta is not None else {})
            self.copy_fails("t", changed, says=says)
        self.copy_fails("t", url=self.put(self.schema + "/m", b"{")["url"], options="MANIFEST", says="Invalid JSON format")
        self.copy_fails("t", url=f"s3://{BUCKET}/{self.schema}/none", options="MANIFEST", says="NoSuchKey")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 0)

    def test_C7_a_missing_file_is_left_out_without_a_word_unless_it_is_mandatory(self):
        self.db.execute("CREATE TABLE t (a INTEGER)")
        gone = {"url": f"s3://{BUCKET}/gone.parquet", "meta": {"content_length": 1}}
        self.copy("t", self.put_parquet(ONE), gone)
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 1)
        self.copy("t", gone)
        self.copy_fails("t", self.put_parquet(ONE), gone | {"mandatory": True}, says="NoSuchKey")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 1)

    def test_a_file_that_is_listed_twice_is_loaded_twice(self):
        self.db.execute("CREATE TABLE t (a INTEGER)")
        entry = self.put_parquet(ONE)
        self.copy("t", entry, entry)
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 2)

    def test_a_prefix_loads_what_begins_with_it(self):
        self.db.execute("CREATE TABLE t (a INTEGER)")
        for name in "part-1.parquet", "part-10.parquet", "other.parquet":
            self.put_parquet(ONE, f"{self.schema}/p/{name}")
        self.copy("t", url=f"s3://{BUCKET}/{self.schema}/p/part-1")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 2)
        self.copy_fails("t", url=f"s3://{BUCKET}/{self.schema}/none", says="The specified S3 prefix")

    def test_names_of_compressed_files_and_other_bytes_are_no_parquet(self):
        self.db.execute("CREATE TABLE t (a INTEGER)")
        self.copy_fails("t", self.put_parquet(ONE, self.schema + "/x.parquet.gz"), says="Spectrum Scan Error")
        self.copy("t", self.put_parquet(ONE, self.schema + "/x.snappy.parquet"))
        self.copy_fails("t", self.put(self.schema + "/text", b"no parquet"), says="Spectrum Scan Error")

    def test_only_the_whole_known_chain_of_roles_may_read(self):
        self.db.execute("CREATE TABLE t (a INTEGER)")
        entry = self.put_parquet(ONE)
        for role in servers.ROLE_CHAIN.split(",")[0], servers.ROLE_CHAIN.replace(",", ", "), "arn:aws:iam::1:role/x":
            self.copy_fails("t", entry, role=role, says="is not authorized to assume IAM Role")
        other = servers.ROLE_CHAIN.replace("redshift", "nothing")
        keys = {"access_key": servers.ACCESS_KEY, "secret_key": servers.SECRET_KEY}
        self.addCleanup(self.control, "PUT", "/roles", {servers.ROLE_CHAIN: keys})
        self.control("PUT", "/roles", {servers.ROLE_CHAIN: keys, other: keys | {"secret_key": "wrong"}})
        self.copy_fails("t", entry, role=other, says="S3ServiceException")
        self.copy("t", entry)

    def test_C9_one_bad_file_undoes_them_all_and_is_in_the_system_views(self):
        self.db.execute("CREATE TABLE t (a VARCHAR(3))")
        good, bad = self.put_parquet(table(a=["abc"])), self.put_parquet(table(a=["abcd"]))
        self.db.execute("BEGIN")
        self.copy_fails("t", good, bad, says="longer than the length")
        self.fails("SELECT 1", "current transaction is aborted")
        self.db.execute("ROLLBACK")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 0)
        rows = self.rows(f"SELECT column_name, column_type, column_length, error_message FROM sys_load_error_detail WHERE file_name = '{bad['url']}'")
        self.assertEqual(rows[0][:3], ("a", "varchar", "3"))
        self.assertIn("longer than the length", rows[0][3])
        self.assertEqual(self.one("SELECT COUNT(*) FROM stl_load_errors WHERE TRIM(filename) = '" + bad["url"] + "'"), 1)

    def test_the_system_views_may_say_nothing(self):
        self.addCleanup(self.control, "PUT", "/load_errors", {"recorded": True})
        self.control("PUT", "/load_errors", {"recorded": False})
        before = self.one("SELECT COUNT(*) FROM sys_load_error_detail")
        self.mismatches("INTEGER", pa.array(["x"]))
        self.assertEqual(self.one("SELECT COUNT(*) FROM sys_load_error_detail"), before)

    def test_the_system_views_show_a_user_his_own_rows_only(self):
        self.db.execute("CREATE TABLE t (a VARCHAR(3))")
        self.copy_fails("t", self.put_parquet(table(a=["abcd"])), says="longer than the length")
        user = self.environment["SLUICE_REDSHIM_USER"]
        loader = self.connect(user, self.environment["SLUICE_REDSHIM_PASSWORD"])
        counts = ", ".join(f"(SELECT COUNT(*) FROM {view})" for view in ("sys_load_history", "sys_load_error_detail", "stl_load_errors"))
        self.assertEqual(self.rows("SELECT " + counts, loader), [(0, 0, 0)])
        for right in f"USAGE ON SCHEMA {self.schema}", f"SELECT, INSERT ON {self.schema}.t":
            self.db.execute(f"GRANT {right} TO {user}")
        loader.execute(self.copy_text(f"{self.schema}.t", self.put_parquet(table(a=["abc"]))))
        self.assertEqual(self.rows("SELECT " + counts, loader), [(1, 0, 0)])

    def test_only_the_older_of_the_system_views_may_know_an_error(self):
        self.addCleanup(self.control, "PUT", "/load_errors", {"recorded": True})
        self.control("PUT", "/load_errors", {"recorded": True, "sys": False})
        self.db.execute("CREATE TABLE t (a VARCHAR(3))")
        bad = self.put_parquet(table(a=["abcd"]))
        self.copy_fails("t", bad, says="longer than the length")
        self.assertEqual(self.one(f"SELECT COUNT(*) FROM sys_load_error_detail WHERE file_name = '{bad['url']}'"), 0)
        self.assertEqual(self.rows(f"SELECT TRIM(colname) FROM stl_load_errors WHERE TRIM(filename) = '{bad['url']}'"), [("a",)])

    def test_C10_what_was_loaded_is_told_and_outlives_a_rollback(self):
        self.db.execute("CREATE TABLE t (a INTEGER)")
        entry = self.put_parquet(table(a=pa.array(range(7), pa.int32())))
        said = []
        self.db.add_notice_handler(lambda diagnostic: said.append(diagnostic.message_primary))
        self.db.execute("BEGIN")
        text = self.copy_text("t", entry, entry)
        self.assertEqual(self.db.execute(text).statusmessage, "COPY")
        self.assertEqual(said, ["Load into table 't' completed, 14 record(s) loaded successfully."])
        known = self.rows("SELECT pg_last_copy_count(), loaded_rows, source_file_count, status FROM sys_load_history "
                          "WHERE query_id = pg_last_copy_id()")
        self.assertEqual(known, [(14, 14, 2, "completed")])
        self.db.execute("ROLLBACK")
        self.assertEqual(self.one("SELECT COUNT(*) FROM sys_load_history WHERE query_id = pg_last_copy_id()"), 1)
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 0)

    def test_copy_into_a_temporary_table_is_the_sessions_own(self):
        self.db.execute("CREATE TABLE t (a INTEGER NOT NULL DEFAULT 3)")
        self.db.execute("CREATE TEMP TABLE t (LIKE t INCLUDING DEFAULTS)")
        self.copy("t", self.put_parquet(ONE))
        self.assertEqual((self.one("SELECT COUNT(*) FROM t"), self.one(f"SELECT COUNT(*) FROM {self.schema}.t")), (1, 0))

    def test_copy_goes_through_the_extended_protocol_too(self):
        self.db.execute("CREATE TABLE t (a INTEGER)")
        with self.db.cursor(binary=True) as cursor:
            cursor.execute(self.copy_text("t", self.put_parquet(ONE)), prepare=True)
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 1)

    def test_a_hundred_thousand_rows(self):
        self.db.execute("CREATE TABLE t (a BIGINT, s VARCHAR(100))")
        self.copy("t", self.put_parquet(table(a=pa.array(range(100000)), s=[json.dumps({"n": n}) for n in range(100000)])))
        self.assertEqual(self.rows("SELECT COUNT(*), SUM(a) FROM t"), [(100000, 4999950000)])


if __name__ == "__main__":
    unittest.main()
