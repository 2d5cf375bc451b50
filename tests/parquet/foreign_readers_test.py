#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Parquet files of sluice, read by pyarrow and DuckDB.

Makes random tables, lets parquet_case_writer write them, and compares every value, null count and
statistic, the types and the page checksums with what it made. Usage: foreign_readers_test.py WRITER
"""

import decimal
import json
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

decimal.getcontext().prec = 60
LONGEST_BOUND = 64  # texts longer than this have no min and max
counts = {"values": 0, "statistics": 0, "no_statistics": 0, "int_ranges": 0, "pruned": 0, "flips": 0}
codecs_seen, encodings_seen = set(), set()

TIMES = (-62135596800000000, 253402300799999999)  # 0001-01-01 to 9999-12-31T23:59:59.999999
DAYS = (-719162, 2932896)
# kind: physical type, converted type, words of the logical type (parquet-format, LogicalTypes.md)
TYPES = {
    "SMALLINT": ("INT32", "INT_16", '"Int","bitWidth":16,"isSigned":true'),
    "INTEGER": ("INT32", "NONE", "None"),
    "BIGINT": ("INT64", "NONE", "None"),
    "REAL": ("FLOAT", "NONE", "None"),
    "DOUBLE": ("DOUBLE", "NONE", "None"),
    "BOOLEAN": ("BOOLEAN", "NONE", "None"),
    "CHAR": ("BYTE_ARRAY", "UTF8", "String"),
    "VARCHAR": ("BYTE_ARRAY", "UTF8", "String"),
    "SUPER": ("BYTE_ARRAY", "UTF8", "String"),
    "DATE": ("INT32", "DATE", "Date"),
    "TIMESTAMP": ("INT64", "TIMESTAMP_MICROS", '"isAdjustedToUTC":true,"timeUnit":"microseconds"'),
    "TIMESTAMPTZ": ("INT64", "TIMESTAMP_MICROS", '"isAdjustedToUTC":true,"timeUnit":"microseconds"'),
}
INT_KINDS = ("SMALLINT", "INTEGER", "BIGINT", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMPTZ")


def float32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def decimal_bytes(precision):
    n = 1
    while 10**precision > 2 ** (8 * n - 1):
        n += 1
    return n


def text(rng, longest):
    alphabet = rng.choice(["abc", "0123456789abcdef-", "aé€😀\t\"\\", "\u0001\u007f\u0080\uffff\U0010ffff"])
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(0, longest)))


def value(rng, column):
    kind, extreme = column["kind"], rng.random() < 0.05
    if kind in ("CHAR", "VARCHAR", "SUPER"):
        return rng.choice(["", " ", "a" * 64, "é" * 32]) if extreme else text(rng, column.get("longest", 20))
    if kind == "BOOLEAN":
        return rng.randint(0, 1)
    if kind in ("REAL", "DOUBLE"):
        ends = [0.0, -0.0, 3.4028234663852886e38, -3.4028234663852886e38, 1.401298464324817e-45]
        if kind == "DOUBLE":
            ends += [1.7976931348623157e308, 5e-324, -1.7976931348623157e308]
        x = rng.choice(ends) if extreme else rng.uniform(-1000, 1000) * 10 ** rng.randint(-20, 20)
        return float32(x) if kind == "REAL" else x
    if kind == "DECIMAL":
        most = 10 ** column["precision"] - 1
        ends = [-most, most]
    else:
        ends = {
            "SMALLINT": [-(2**15), 2**15 - 1],
            "INTEGER": [-(2**31), 2**31 - 1],
            "BIGINT": [-(2**63), 2**63 - 1],
            "DATE": DAYS,
            "TIMESTAMP": TIMES,
            "TIMESTAMPTZ": TIMES,
        }[kind]
    if extreme:
        return rng.choice([*ends, 0, -1, 1])
    return rng.randint(*ends) if rng.random() < 0.5 else rng.randint(-99 if ends[0] < 0 else 0, 99) % (ends[1] + 1)


def make_values(rng, column, rows):
    """Nulls by column["nulls"], distinct values by column["distinct"]."""
    pool = [value(rng, column) for _ in range(column["distinct"])] if "distinct" in column else None
    made = []
    for row in range(rows):
        if rng.random() < column.get("nulls", 0):
            made.append(None)
        elif "run" in column and made and row % column["run"]:
            made.append(made[-1])
        else:
            made.append(rng.choice(pool) if pool else value(rng, column))
    return made


def column(name, kind, **more):
    return {"name": name, "kind": kind, "not_null": False, "nulls": 0.2, **more}


def every_type(**more):
    columns = [column(f"c_{kind.lower()}", kind, **more) for kind in TYPES]
    for precision, scale in ((1, 0), (9, 9), (18, 9), (19, 0), (21, 7), (28, 28), (38, 10), (38, 0)):
        columns.append(column(f"c_dec_{precision}_{scale}", "DECIMAL", precision=precision, scale=scale, **more))
    return columns


def wide_text(**more):
    return [column("wide", "VARCHAR", length=65535, longest=400, **more), column("n", "INTEGER", **more)]


def cases():
    for codec in ("none", "snappy", "zstd"):
        for nulls in (0, 0.3, 1):
            yield f"types_{codec}_{nulls}", every_type(nulls=nulls), 2500, {"codec": codec}, None
        yield f"required_{codec}", every_type(not_null=True, nulls=0), 1500, {"codec": codec}, None
        yield f"distinct_{codec}", every_type(distinct=40), 3000, {"codec": codec}, None
        yield f"runs_{codec}", every_type(distinct=300, run=77), 6000, {"codec": codec}, None
        yield f"pages_{codec}", wide_text(), 4000, {"codec": codec, "page": 4096, "row_group": 300_000}, None
    yield "no_rows", every_type(), 0, {"codec": "snappy"}, None
    for nulls in (0, 1):
        yield f"one_row_{nulls}", every_type(nulls=nulls), 1, {"codec": "snappy"}, None
    yield "technical", every_type(), 1200, {"codec": "snappy", "object_id": 2**63 - 1, "row_group": 20_000}, None
    # 40,000 rows have a second page, which still knows the dictionary; 20,000 distinct do not pay.
    long = [column("few", "VARCHAR", distinct=9, nulls=0.01), column("many", "VARCHAR", distinct=20_000),
            column("sparse", "VARCHAR", distinct=20_000, nulls=0.95), column("unique", "BIGINT", nulls=0),
            column("ids", "BIGINT", distinct=5000, nulls=0), column("one", "DECIMAL", precision=30, scale=2, distinct=1)]
    yield "fall_backs", long, 90_000, {"codec": "snappy"}, None
    yield "tiny_dictionary", long, 70_000, {"codec": "zstd", "dictionary": 100_000}, None
    yield "no_dictionary", long, 5000, {"codec": "none", "dictionary": 0}, None
    giant = ["x" * 65535, "é" * 32767, "", "😀" * 16383, None, "y" * 64, "z" * 65, "\u0001"]
    for codec in ("none", "snappy"):
        yield f"giant_{codec}", [column("giant", "VARCHAR", length=65535)], 400, {"codec": codec, "row_group": 2**20}, [giant * 50]
    # The dictionary fills up in a later page: pages of both kinds in one chunk.
    late = [str(i % 50) for i in range(40_000)] + [f"value {i}" for i in range(30_000)]
    yield "late_fall_back", [column("late", "VARCHAR", length=20)], len(late), {"codec": "snappy", "dictionary": 2**17}, [late]
    bounds = [["", "a"], ["a" * 64, "b" * 64], ["a", "b" * 65], ["é" * 32, "é" * 32 + "x"], [0.0, 1.0], [-1.0, -0.0]]
    kinds = ["VARCHAR"] * 4 + ["DOUBLE", "REAL"]
    yield "bounds", [column(f"b{i}", kind) for i, kind in enumerate(kinds)], 2, {"codec": "none"}, bounds


def physical(column, x):
    """A value as pyarrow's min_raw shows it."""
    if column["kind"] in ("CHAR", "VARCHAR", "SUPER"):
        return x.encode()
    if column["kind"] == "DECIMAL" and column["precision"] > 18:
        return x.to_bytes(decimal_bytes(column["precision"]), "big", signed=True)
    return x


def check_statistics(where, statistics, column, values):
    present = [x for x in values if x is not None]
    assert statistics.null_count == len(values) - len(present), (where, statistics.null_count)
    expected = bool(present)
    if expected and column["kind"] in ("CHAR", "VARCHAR", "SUPER"):
        present = [x.encode() for x in present]
        expected = max(len(min(present)), len(max(present))) <= LONGEST_BOUND
        present = [x.decode() for x in present]
    assert statistics.has_min_max == expected, (where, "min and max are there or not", expected)
    if not expected:
        counts["no_statistics"] += 1
        return
    key = (lambda x: x.encode()) if isinstance(present[0], str) else None
    least, most = min(present, key=key), max(present, key=key)
    assert physical(column, least) == statistics.min_raw, (where, least, statistics.min_raw)
    assert physical(column, most) == statistics.max_raw, (where, most, statistics.max_raw)
    if isinstance(least, float):
        if least == 0:
            assert struct.pack("d", statistics.min_raw) == struct.pack("d", -0.0), where
        if most == 0:
            assert struct.pack("d", statistics.max_raw) == struct.pack("d", 0.0), where
    counts["statistics"] += 1


def check_type(where, schema, column):
    if column["kind"] == "DECIMAL":
        wide = column["precision"] > 18
        wanted = ("FIXED_LEN_BYTE_ARRAY" if wide else "INT64", "DECIMAL",
                  f'"Decimal","precision":{column["precision"]},"scale":{column["scale"]}')
        if wide:
            assert schema.length == decimal_bytes(column["precision"]), (where, schema.length)
    else:
        wanted = TYPES[column["kind"]]
    assert schema.physical_type == wanted[0], (where, schema.physical_type)
    assert schema.converted_type == wanted[1], (where, schema.converted_type)
    assert wanted[2] in schema.logical_type.to_json(), (where, schema.logical_type.to_json())
    assert schema.max_definition_level == (0 if column["not_null"] else 1), where


def comparable(column, x):
    if x is None:
        return None
    if column["kind"] in ("REAL", "DOUBLE"):
        return struct.pack("d", x)
    if column["kind"] == "DECIMAL":
        return int(decimal.Decimal(x).scaleb(column["scale"])) if not isinstance(x, int) else x
    return int(x) if isinstance(x, bool) else x


def check_pyarrow(name, path, columns, values):
    file = pq.ParquetFile(path, page_checksum_verification=True)
    table = file.read()
    assert table.column_names == [c["name"] for c in columns], name
    for i, column in enumerate(columns):
        check_type((name, column["name"]), file.schema.column(i), column)
        read = table.column(i)
        if pa.types.is_timestamp(read.type):
            read = read.cast(pa.int64())
        elif pa.types.is_date(read.type):
            read = read.cast(pa.int32())
        compare((name, "pyarrow"), column, read.to_pylist(), values[i])
    start = 0
    for g in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(g)
        for i, column in enumerate(columns):
            chunk = group.column(i)
            codecs_seen.add(chunk.compression)
            encodings_seen.update(chunk.encodings)
            check_statistics((name, g, column["name"]), chunk.statistics, column, values[i][start : start + group.num_rows])
        start += group.num_rows
    assert start == len(values[0]), name
    return file.metadata


def compare(where, column, read, values):
    assert len(read) == len(values), (*where, column["name"], len(read), len(values))
    for row, (got, wanted) in enumerate(zip(read, values)):
        if comparable(column, got) != comparable(column, wanted):
            raise AssertionError((*where, column["name"], row, got, wanted))
    counts["values"] += len(values)


def check_duckdb(name, path, columns, values):
    shown = []
    for column in columns:
        quoted = f'"{column["name"]}"'
        if column["kind"] in ("TIMESTAMP", "TIMESTAMPTZ"):
            shown.append(f"epoch_us({quoted})")
        elif column["kind"] == "DATE":
            shown.append(f"{quoted} - DATE '1970-01-01'")
        else:
            shown.append(quoted)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    rows = connection.execute(f"SELECT {', '.join(shown)} FROM read_parquet(?)", [str(path)]).fetchall()
    for i, column in enumerate(columns):
        compare((name, "duckdb"), column, [row[i] for row in rows], values[i])
        # A filter on the smallest and largest value must not prune the rows that have it.
        present = [x for x in values[i] if x is not None]
        if present and column["kind"] in ("CHAR", "VARCHAR", "SUPER", "SMALLINT", "INTEGER", "BIGINT"):
            key = (lambda x: x.encode()) if isinstance(present[0], str) else None
            for end in (min(present, key=key), max(present, key=key)):
                found = connection.execute(
                    f'SELECT count(*) FROM read_parquet(?) WHERE "{column["name"]}" = ?', [str(path), end]).fetchone()[0]
                assert found == present.count(end), (name, column["name"], found, present.count(end))
                counts["pruned"] += 1


def check_flips(name, path, metadata, rng):
    """A flipped bit in the stored bytes of a page is found by its checksum."""
    data = bytearray(path.read_bytes())
    chunks = [(g, c) for g in range(metadata.num_row_groups) for c in range(metadata.num_columns)]
    for g, c in rng.sample(chunks, min(len(chunks), 12)):
        chunk = metadata.row_group(g).column(c)
        start = chunk.dictionary_page_offset if chunk.has_dictionary_page else chunk.data_page_offset
        place = start + chunk.total_compressed_size - 1  # the last byte of the chunk's last page
        bit = 1 << rng.randrange(8)
        data[place] ^= bit
        try:
            pq.ParquetFile(pa.BufferReader(bytes(data)), page_checksum_verification=True).read()
        except OSError as error:
            assert "CRC" in str(error), (name, error)
            counts["flips"] += 1
        else:
            raise AssertionError((name, g, c, "pyarrow did not see a flipped bit"))
        data[place] ^= bit


def check_case(writer, folder, name, columns, rows, options, values):
    rng = random.Random(name)
    values = values or [make_values(rng, column, rows) for column in columns]
    metadata = {"object": f"date=2020-06-01/00/{name}", "rows": str(rows), "empty": "", "é": "😀"}
    stated = [[x if x is None or column["kind"] != "DECIMAL" or column["precision"] <= 18 else str(x) for x in xs]
              for column, xs in zip(columns, values)]
    case = {"columns": columns, "rows": rows, "batch": rng.choice([1, 7, 100, 1000, 5000]), "options": options,
            "metadata": metadata, "values": stated}
    case_path, path = folder / f"{name}.json", folder / f"{name}.parquet"
    case_path.write_text(json.dumps(case))
    done = subprocess.run([writer, case_path, path], capture_output=True, text=True)
    assert done.returncode == 0, (name, done.stderr)
    info = json.loads(done.stdout)
    if "object_id" in options:
        columns = [*columns, column("sluice_object", "BIGINT", not_null=True), column("sluice_line", "INTEGER", not_null=True)]
        values = [*values, [options["object_id"]] * rows, list(range(1, rows + 1))]
    assert info["rows"] == rows and info["size"] == path.stat().st_size, (name, info)
    for c, xs, ends in zip(columns, values, info["int_ranges"], strict=True):
        is_int = c["kind"] in INT_KINDS or (c["kind"] == "DECIMAL" and c["precision"] <= 18)
        present = [x for x in xs if x is not None] if is_int else []
        assert ends == ([min(present), max(present)] if present else None), (name, c["name"], ends)
        counts["int_ranges"] += 1
    read = check_pyarrow(name, path, columns, values)
    assert {k.decode(): v.decode() for k, v in read.metadata.items()}.items() >= metadata.items(), name
    check_duckdb(name, path, columns, values)
    check_flips(name, path, read, rng)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for n, (name, *case) in enumerate(cases(), 1):
            check_case(sys.argv[1], Path(folder), name, *case)
    print(f"{n} files:", ", ".join(f"{what} {count:,}" for what, count in counts.items()))
    # A check that compares nothing passes too.
    least = {"values": 2_000_000, "statistics": 500, "no_statistics": 50, "int_ranges": 300, "pruned": 200, "flips": 250}
    for what, count in least.items():
        assert counts[what] >= count, (what, counts[what], "fewer comparisons than expected")
    assert codecs_seen == {"UNCOMPRESSED", "SNAPPY", "ZSTD"}, codecs_seen
    assert encodings_seen == {"PLAIN", "RLE", "RLE_DICTIONARY"}, encodings_seen


main()
