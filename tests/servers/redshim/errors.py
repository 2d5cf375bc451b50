# SPDX-License-Identifier: Apache-2.0
"""Errors in Redshift's words, where they are known: message, SQLSTATE and the block of lines that Redshift puts into the detail."""
import itertools

_QUERY = itertools.count(100001)


def next_query_id():
    return next(_QUERY)


class Refused(Exception):
    """A statement fails with this; `fields` as the wire protocol names them."""

    def __init__(self, state, message, detail=None, severity="ERROR"):
        super().__init__(message)
        self.fields = {"S": severity, "C": state, "M": message} | ({"D": detail} if detail else {})


def syntax_error(token):
    return Refused("42601", f'syntax error at or near "{token.text}"')


def block(error, code, context, query, location, process):
    """Detail as compute nodes and Spectrum write it (rudderlabs/rudder-server pull request 3178, aws-lambda-redshift-loader pull request 221)."""
    line = "-----------------------------------------------"
    return (f"\n  {line}\n  error:  {error}\n  code:      {code}\n  context:   {context}\n  query:     {query}\n  location:  {location}\n"
            f"  process:   {process}\n  {line}\n")


def spectrum_error(code, context, query):
    """The message says nothing; what happened is in the detail alone."""
    said = "Spectrum Scan Error"
    return Refused("XX000", said, block(said, code, context, query, "dory_util.cpp:1450", "worker_thread [pid=10836]"))


def manifest_error(what, query, context=""):
    return Refused("XX000", what, block(what, 15003, context, query, "spectrum_manifest.cpp:204", "padbmaster [pid=17049]"))


def s3_error(code, status, query, what):
    said = f"S3ServiceException:{what},Status {status},Error {code},Rid REDSHIM,CanRetry 1"
    return Refused("XX000", said, block(said, 8001, "Listing bucket=,prefix=", query, "s3_utility.cpp:684", "padbmaster [pid=17049]"))


def too_long(limit, kind, by_values):
    """An INSERT of values fails on the leader node, everything else on compute nodes."""
    if by_values:
        return {"S": "ERROR", "C": "22001", "M": f"value too long for type {kind}({limit})"}
    what = "Value too long for character type"
    return {"S": "ERROR", "C": "XX000", "M": what,
            "D": block(what, 8001, f"Value too long for type {kind}({limit})", next_query_id(), "funcs_string.hpp:395", "query0_100 [pid=1]")}


def translated(fields, shape, isolation):
    """PostgreSQL's error as Redshift says it, without the fields that PostgreSQL 8.0 does not have (constraint, table, column)."""
    fields = {name: value for name, value in fields.items() if name in "SCMDHPW"}
    state, message, by_values = fields.get("C"), fields.get("M", ""), shape.startswith("INSERT") and " VALUES " in shape
    if state == "40001":
        if isolation == "SNAPSHOT":
            return {"S": "ERROR", "C": "XX000", "M": "could not complete because of conflict with concurrent transaction"}
        return {"S": "ERROR", "C": "XX000", "M": "1023",
                "D": "Serializable isolation violation on table - 100001, transactions forming the cycle are: "
                f"{next_query_id()}, {next_query_id()} (pid:17049)"}
    if state == "23514" and "redshim_" in message:
        limit = message.split("redshim_")[1].split('"')[0].split("_")[-1]
        return too_long(limit.lstrip("c"), "character" if limit.startswith("c") else "character varying", by_values)
    if state == "22001" and message.startswith("value too long for type character") and not by_values:
        kind, limit = message.removeprefix("value too long for type ").rstrip(")").split("(")
        return too_long(limit, kind, False)
    if state == "21000" and message.startswith("MERGE"):
        return {"S": "ERROR", "C": "XX000", "M": "Found multiple matches to update the same tuple."}
    if state == "23502":
        return fields | {"C": "XX000", "M": "Cannot insert a NULL value into column " + message.split('"')[1]}
    if state == "22012" and " FROM " in shape:
        said = "Divide by zero"
        return {"S": "ERROR", "C": "XX000", "M": said, "D": block(said, 8006, "", next_query_id(), "expr.cpp:1", "query0_1 [pid=1]")}
    return fields
