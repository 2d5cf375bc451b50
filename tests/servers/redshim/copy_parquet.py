# SPDX-License-Identifier: Apache-2.0
"""Whether a Parquet file fits the columns of a table, and its rows as CSV for PostgreSQL. Nothing is converted to another type, and nothing cut.
Sources: copy-usage_notes-copy-from-columnar, c-spectrum-troubleshooting, r_Character_types, multi-byte-character-load-errors; of the messages:
aws-sdk-pandas issue 280, ParquetSharp issue 252, rudder-server pull request 3178; of the year 161065: apache/arrow issue 38000."""
import dataclasses
import io
import json
import re

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from errors import spectrum_error

YEAR_161065 = "161065-01-01 00:00:00"
# What is known to be read: how Redshift's own UNLOAD writes (r_UNLOAD), and gzip. Nothing says that newer pages, encodings and codecs are.
CODECS = frozenset({"UNCOMPRESSED", "SNAPPY", "GZIP"})
ENCODINGS = frozenset({"PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY", "RLE", "BIT_PACKED"})  # the last two of levels
DATA_PAGE_V2 = b"\x15\x06"  # how its header begins (parquet-format, PageHeader: the first field, type, is 3)


@dataclasses.dataclass
class Column:
    name: str
    type: str  # as format_type gives it, or super
    not_null: bool
    has_default: bool
    is_identity: bool

    @property
    def kind(self):
        return self.type.split("(")[0]

    @property
    def arguments(self):
        inner = re.search(r"\(([\d,]+)\)", self.type)
        return [int(x) for x in inner[1].split(",")] if inner else []


class BadFile(Exception):
    """What SYS_LOAD_ERROR_DETAIL says, and the error that the client gets."""

    def __init__(self, column, code, context):
        super().__init__(context)
        self.column, self.code, self.context = column, code, context

    def refused(self, query):
        return spectrum_error(self.code, self.context, query)


class ParquetLoad:
    def __init__(self, data, url, columns, copy, codecs=CODECS):
        self.url, self.columns, self.copy = url, columns, copy
        self.shown = "https://s3.us-east-1.amazonaws.com/" + url.removeprefix("s3://")
        if re.search(r"\.(gz|snappy|bz2)$", url):
            raise BadFile(None, 15001, f"File '{self.shown}' could not be decompressed")  # by the name alone
        try:
            self.file = pq.ParquetFile(io.BytesIO(data))
        except (pa.ArrowException, OSError) as why:
            raise BadFile(None, 15001, f"File '{self.shown}' has an invalid version number: it is no Parquet file") from why
        self._misread = set()  # indexes of timestamps that lack the converted type
        self._check_chunks(data, codecs)
        self._check()

    def _check_chunks(self, data, codecs):
        """The wording of what is refused is a guess."""
        groups = self.file.metadata
        for chunk in (groups.row_group(i).column(j) for i in range(groups.num_row_groups) for j in range(groups.num_columns)):
            others = [name for name in chunk.encodings if name not in ENCODINGS]
            if chunk.compression not in codecs:
                others.append(chunk.compression)
            if data.startswith(DATA_PAGE_V2, chunk.data_page_offset):
                others.append("DATA_PAGE_V2")
            if others:
                raise BadFile(chunk.path_in_schema, 15001, f"File '{self.shown}' has an unsupported Parquet feature: {', '.join(others)}")

    def _check(self):
        fields, columns = len(self.file.schema_arrow), len(self.columns)
        if fields > columns or (fields < columns and not self.copy.fill_record):
            raise BadFile(None, 15007, f"Unmatched number of columns between table and file. Table columns: {columns}, Data columns: {fields}, "
                          f"File name: {self.shown}")
        leaves = {}
        for i in range(len(self.file.schema)):
            leaf = self.file.schema.column(i)
            leaves.setdefault(leaf.path.split(".")[0], []).append(leaf)
        for i, (field, column) in enumerate(zip(self.file.schema_arrow, self.columns)):
            parts = leaves.get(field.name, [])
            nested = pa.types.is_nested(field.type)
            self._check_column(i, column, field.name, parts[0], nested)

    def _check_column(self, i, column, name, leaf, nested):
        def mismatch(extra=""):
            kind = leaf.physical_type.lower()
            shown = {"byte_array": "binary", "fixed_len_byte_array": f"fixed_len_byte_array({leaf.length})"}.get(kind, kind)
            repetition = "repeated" if leaf.max_repetition_level else "optional" if leaf.max_definition_level else "required"
            raise BadFile(name, 15007, f"File '{self.shown}' has an incompatible Parquet schema for column '{self.url.rsplit('/', 1)[0]}.{name}'. "
                          f"Column type: {column.type.upper()}, Parquet schema:\n{repetition} {shown} {name} [i:{i} d:{leaf.max_definition_level} "
                          f"r:{leaf.max_repetition_level}]\n{extra}")

        physical, logical = leaf.physical_type, json.loads(leaf.logical_type.to_json())
        annotation, converted, kind = logical.get("Type", "None"), leaf.converted_type, column.kind
        if kind == "super":
            if not self.copy.serialize_to_json:
                raise BadFile(name, 15007, "Assert: Unreachable - Invalid type: 4000")
            return
        if nested:
            mismatch()
        if kind in ("time without time zone", "time with time zone", "bytea"):
            mismatch()  # TIME and VARBYTE cannot be loaded from Parquet
        if kind == "numeric":
            precision, scale = column.arguments
            if annotation != "Decimal" or (leaf.precision, leaf.scale) != (precision, scale):
                mismatch()
            width = ((10 ** precision - 1).bit_length() + 8) // 8
            if physical == "FIXED_LEN_BYTE_ARRAY" and leaf.length != width:
                raise BadFile(name, 15001, f"File '{self.shown}' has an incompatible Parquet schema for column '{name}'. column '{name}' has an "
                              f"invalid type length. Expecting: {width} len in file: {leaf.length}")
            # parquet-format, "DECIMAL": INT64 holds up to 18 digits, fewer than 10 too.
            if not (physical == "FIXED_LEN_BYTE_ARRAY" or (physical == "INT32" and precision < 10) or (physical == "INT64" and precision < 19)):
                mismatch()
        elif kind == "timestamp without time zone" or kind == "timestamp with time zone":
            if physical == "INT96":
                return
            if physical != "INT64" or annotation != "Timestamp" or logical.get("timeUnit") == "nanoseconds":
                mismatch()
            if converted not in ("TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"):
                self._misread.add(i)
        else:
            if annotation == "Int":
                annotation = f"Int{logical['bitWidth']}{'' if logical['isSigned'] else 'u'}"
            if (physical, annotation) not in FITS.get(kind, ()):
                mismatch()

    def rows(self):
        return self.file.metadata.num_rows

    def chunks(self):
        """CSV, as long as the values fit; raises BadFile."""
        options = pyarrow.csv.WriteOptions(include_header=False)
        for batch in self.file.iter_batches(batch_size=1 << 15):
            arrays = [self._values(i, column, batch.column(i)) for i, column in enumerate(self.columns[:batch.num_columns])]
            arrays += [pa.nulls(batch.num_rows, pa.string()) for _ in self.columns[batch.num_columns:]]
            for column, array in zip(self.columns, arrays):
                if column.not_null and array.null_count:
                    raise BadFile(column.name, 15001, f"NULL value in column {column.name}, which is NOT NULL in the table. File name: {self.shown}")
            out = io.BytesIO()
            pyarrow.csv.write_csv(pa.table(arrays, names=[str(i) for i in range(len(arrays))]), out, options)
            yield out.getvalue()

    def _values(self, i, column, array):
        if i in self._misread:
            return pc.if_else(pc.is_null(array), pa.scalar(None, pa.string()), pa.scalar(YEAR_161065))
        if column.kind == "super":
            return pa.array([None if v is None else json.dumps(v, default=str, ensure_ascii=False) for v in array.to_pylist()], pa.string())
        if pa.types.is_timestamp(array.type):
            return array.cast(pa.timestamp("us", "UTC" if column.kind.endswith("with time zone") else None), safe=False)
        if column.kind not in ("character varying", "character"):
            return array
        return self._strings(column, array)

    def _strings(self, column, array):
        raw = array.cast(pa.binary())
        try:
            raw.cast(pa.string())
            bad = pc.any(pc.or_(pc.match_substring(raw, b"\xef\xbf\xbf"), pc.match_substring(raw, b"\xef\xbf\xbe"))).as_py()
        except pa.ArrowInvalid:
            bad = True
        if bad:
            raw = self._repaired(column, raw)
        if pc.any(pc.match_substring(raw, b"\0")).as_py():  # the text ends there (estuary/connectors pull request 839)
            raw = pa.array([None if v is None else v.split(b"\0")[0] for v in raw.to_pylist()], pa.binary())
        limit, longest = column.arguments[0], pc.max(pc.binary_length(raw)).as_py() or 0
        if longest > limit:
            raise BadFile(column.name, 15001, f"The length of the data column {column.name} is longer than the length defined in the table. "
                          f"Table: {limit}, Data: {longest}, File name: {self.shown}")
        text = raw.cast(pa.string())
        if column.kind == "character" and (pc.max(pc.binary_length(raw)).as_py() or 0) != (pc.max(pc.utf8_length(text)).as_py() or 0):
            raise BadFile(column.name, 15001, f"CHAR column {column.name} has a character of several bytes. File name: {self.shown}")
        return text

    def _repaired(self, column, raw):
        values = []
        for value in raw.to_pylist():
            try:
                fine = value is None or not re.search("[\ufffe\uffff]", value.decode())
            except UnicodeDecodeError:
                fine = False
            if not fine:
                if self.copy.accept_invalid_with is None:
                    raise BadFile(column.name, 15001, "String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: "
                                  f"{value[:3].hex(' ')} (error 3). File name: {self.shown}")
                put = self.copy.accept_invalid_with
                value = re.sub("[\ufffd-\uffff]", lambda _: put, value.decode(errors="replace")).encode()
            values.append(value)
        return pa.array(values, pa.binary())


# (physical type, annotation) of what each column type takes.
FITS = {
    "smallint": {("INT32", "Int16"), ("INT32", "Int8")},
    "integer": {("INT32", "None"), ("INT32", "Int32")},
    "bigint": {("INT64", "None"), ("INT64", "Int64")},
    "real": {("FLOAT", "None")},
    "double precision": {("DOUBLE", "None")},
    "boolean": {("BOOLEAN", "None")},
    "date": {("INT32", "Date")},
    "character varying": {("BYTE_ARRAY", "String")},
    "character": {("BYTE_ARRAY", "String")},
}
