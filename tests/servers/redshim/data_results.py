# SPDX-License-Identifier: Apache-2.0
"""Rows as the Data API gives them: typed fields and the metadata of columns. Source: Field and ColumnMetadata of the Redshift Data API Reference."""
import dataclasses

import wire
from errors import Refused

LARGEST_ROW = 64 << 10  # data-api: "the maximum row size is 64 KB"
_LONG, _DOUBLE, _BOOLEAN = {20, 21, 23, 26}, {700, 701}, {16}
NAMES = {16: "bool", 20: "int8", 21: "int2", 23: "int4", 25: "varchar", 700: "float4", 701: "float8", 1042: "bpchar", 1043: "varchar", 1082: "date",
         1114: "timestamp", 1184: "timestamptz", 1700: "numeric", 4000: "super"}


@dataclasses.dataclass
class Result:
    columns: list
    records: list
    size: int


def _field(oid, value):
    if value is None:
        return {"isNull": True}
    if oid in _LONG:
        return {"longValue": int(value)}
    if oid in _DOUBLE:
        return {"doubleValue": float(value)}
    if oid in _BOOLEAN:
        return {"booleanValue": value == "t"}
    return {"stringValue": value}


def result_of(answers):
    """None if there is no result set. Raises Refused for a row that is too large."""
    described = next((payload for kind, payload in answers if kind == b"T"), None)
    if described is None:
        return None
    columns, records, size = wire.columns_of_row(described), [], 0
    for kind, payload in answers:
        if kind == b"D":
            if len(payload) > LARGEST_ROW:
                raise Refused("54000", "The row size exceeds the maximum of 64 KB")
            records.append([_field(oid, value) for (_, oid, _, _), value in zip(columns, wire.values_of_row(payload))])
            size += len(payload)
    metadata = [{"name": name, "label": name, "typeName": NAMES.get(oid, "varchar"), "nullable": 1, "isSigned": oid in _LONG | _DOUBLE | {1700},
                 "isCaseSensitive": oid in (25, 1042, 1043), "isCurrency": False, "length": 0, "schemaName": "", "tableName": "",
                 "precision": modifier - 4 if oid in (1042, 1043) and modifier > 3 else (modifier - 4) >> 16 if oid == 1700 and modifier > 3 else 0,
                 "scale": (modifier - 4) & 2047 if oid == 1700 and modifier > 3 else 0} for name, oid, modifier, _ in columns]
    return Result(metadata, records, size)


def rows_of_tag(answers):
    """How many rows a statement without a result set has touched; 0 for those that touch none."""
    tag = next((payload[:-1].decode() for kind, payload in answers if kind == b"C"), "")
    last = tag.split(" ")[-1]
    return int(last) if last.isdigit() else 0
