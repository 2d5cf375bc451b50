# SPDX-License-Identifier: Apache-2.0
"""COPY from S3 into a session's own transaction: which files, in whose name they are read, and what the system views say afterwards.
Sources: copy-parameters-data-source-s3, loading-data-files-using-manifest, authorizing-redshift-service (role chains), SYS_LOAD_HISTORY,
SYS_LOAD_ERROR_DETAIL, STL_LOAD_ERRORS, PG_LAST_COPY_COUNT."""
import functools
import json
import os
import threading

import boto3
import botocore.exceptions
from botocore.config import Config

import copy_statement
from copy_parquet import BadFile, Column, ParquetLoad
from errors import Refused, block, manifest_error, next_query_id, s3_error
from sql_tokens import quote_name, quote_text
from wire import ServerError, fields_of_error

_RECORDS = threading.Lock()


class S3:
    """The objects that a role, or a chain of roles, may read."""

    def __init__(self, endpoint, roles, region="us-east-1"):
        """`roles`: {"arn:...[,arn:...]": {"access_key": , "secret_key": , "session_token": }}"""
        self._endpoint, self._region = endpoint, region
        self.set_roles(roles)

    def set_roles(self, roles):
        self._roles, self._client = roles, functools.lru_cache(maxsize=None)(self._make_client)

    def _make_client(self, role):
        keys = self._roles[role]
        return boto3.client("s3", endpoint_url=self._endpoint, region_name=self._region, aws_access_key_id=keys["access_key"],
                            aws_secret_access_key=keys["secret_key"], aws_session_token=keys.get("session_token"),
                            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 3}, max_pool_connections=20))

    def client(self, role, user, query):
        """Raises Refused for a role that cannot be assumed."""
        if role not in self._roles:
            said = f"User arn:aws:redshift:{self._region}:111122223333:dbuser:redshim/{user} is not authorized to assume IAM Role {role}"
            raise Refused("XX000", said, block(said, 8001, f"IAM Role={role}", query, "xen_aws_credentials_mgr.cpp:411", "padbmaster [pid=17049]"))
        return self._client(role)

    @staticmethod
    def split(url, query):
        bucket, _, key = url.removeprefix("s3://").partition("/")
        if not url.startswith("s3://") or not bucket or not key:
            raise manifest_error(f"Invalid S3 path {url}", query)
        return bucket, key


def get(client, url, query):
    """None if there is no such object."""
    bucket, key = S3.split(url, query)
    try:
        return client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except botocore.exceptions.ClientError as why:
        code, status = why.response["Error"]["Code"], why.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404 and code != "NoSuchBucket":
            return None
        raise s3_error(code, status, query, why.response["Error"].get("Message", code)) from why
    except botocore.exceptions.BotoCoreError as why:
        raise s3_error("Unreachable", 0, query, "S3 cannot be reached") from why


def _files_with_prefix(client, url, query):
    bucket, prefix = S3.split(url, query)
    urls = []
    try:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            urls += [f"s3://{bucket}/{found['Key']}" for found in page.get("Contents", []) if not found["Key"].endswith("/")]
    except botocore.exceptions.ClientError as why:
        raise s3_error(why.response["Error"]["Code"], why.response["ResponseMetadata"]["HTTPStatusCode"], query, "listing refused") from why
    if not urls:
        what = f"The specified S3 prefix '{prefix}' does not exist"
        raise Refused("XX000", what, block(what, 8001, "", query, "s3_utility.cpp:684", "padbmaster [pid=17049]"))
    return urls


def files_of(client, copy, query):
    """[(url, data)], in the order of the manifest; a file that stands there twice is there twice."""
    if not copy.manifest:
        return [(url, get(client, url, query)) for url in _files_with_prefix(client, copy.url, query)]
    body = get(client, copy.url, query)
    if body is None:
        raise s3_error("NoSuchKey", 404, query, "The specified key does not exist.")
    try:
        entries = json.loads(body)["entries"]
        urls = [entry["url"] for entry in entries]
    except (ValueError, KeyError, TypeError) as why:
        raise manifest_error("Invalid JSON format in manifest file", query, f"Manifest {copy.url}") from why
    files = []
    for url, entry in zip(urls, entries):
        if "meta" not in entry:
            raise manifest_error("File entry does not have 'meta' key.", query)
        length = entry["meta"].get("content_length") if isinstance(entry["meta"], dict) else None
        if not isinstance(length, int) or isinstance(length, bool):
            raise manifest_error("File entry does not have 'content_length' key.", query)
        data = get(client, url, query)
        if data is None:
            if entry.get("mandatory") is True:
                raise s3_error("NoSuchKey", 404, query, f"The specified key does not exist. {url}")
            continue  # mandatory is false by default: the file is left out without a word
        if len(data) != length:
            raise manifest_error(f"Manifest content_length {length} does not match the size {len(data)} of {url}", query)
        files.append((url, data))
    return files


def columns_of(backend, table):
    rows = backend.rows(
        "SELECT a.attname, CASE WHEN t.typname = 'super' THEN 'super' ELSE pg_catalog.format_type(a.atttypid, a.atttypmod) END, a.attnotnull, "
        "a.atthasdef, a.attidentity <> '', c.relkind FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN "
        "pg_catalog.pg_class c ON c.oid = a.attrelid WHERE a.attrelid = pg_catalog.to_regclass(" + quote_text(quote_name(table)) +
        ") AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum")
    if not rows:
        raise Refused("42P01", f'Cannot COPY into nonexistent table {".".join(table)}')
    if rows[0][5] != "r":
        raise Refused("42809", f'cannot copy to {".".join(table)}: it is no table')
    return [Column(name, kind, *(value == "t" for value in flags)) for name, kind, *flags in (row[:5] for row in rows)]


def _chosen(copy, columns):
    by_name = {column.name: column for column in columns}
    if copy.columns is None:
        return [column for column in columns if not column.is_identity or copy.explicit_ids]
    for name in copy.columns:
        if name not in by_name:
            raise Refused("42703", f'column "{name}" of relation "{copy.table[-1]}" does not exist')
        if by_name[name].is_identity and not copy.explicit_ids:
            raise Refused("0A000", f"cannot set an identity column to a value: {name}")
    if len(set(copy.columns)) < len(copy.columns):
        raise Refused("42701", "a column is listed twice")
    for column in columns:
        if column.not_null and not column.has_default and not column.is_identity and column.name not in copy.columns:
            raise Refused("XX000", "NOT NULL column without DEFAULT must be included in column list")
    return [by_name[name] for name in copy.columns]


def load(session, tokens):
    """Runs in the session's transaction, which is open. Gives how many rows were loaded; raises Refused or ServerError."""
    copy, query, shim = copy_statement.parse(tokens), next_query_id(), session.shim
    note = {"query_id": query, "user": session.user, "session_id": session.backend.pid, "table_name": copy.table[-1], "data_source": copy.url,
            "start_time": shim.clock.timestamp(), "loaded_rows": 0, "loaded_bytes": 0, "files": 0, "bytes": 0, "transaction_id": 0}
    try:
        columns = _chosen(copy, columns_of(session.backend, copy.table))
        session.write_lock(copy.table)
        files = files_of(shim.s3.client(copy.role, session.user, query), copy, query)
        for url, data in files:
            try:
                part = ParquetLoad(data, url, columns, copy, shim.codecs)
                _send(session.backend, copy, columns, part)
            except BadFile as why:
                column = next((c for c in columns if c.name == why.column), None)
                if shim.records_load_errors:
                    _record(shim, "load_error", note | {
                        "in_sys": shim.sys_has_load_errors, "file_name": url, "column_name": why.column,
                        "column_type": column and column.kind.replace("character varying", "varchar")[:10],
                        "column_length": column and (",".join(map(str, column.arguments)) or None), "error_code": why.code,
                        "error_message": why.context[:512]})
                raise why.refused(query) from why
            note["loaded_rows"] += part.rows()
            note["bytes"] += len(data)
            note["loaded_bytes"] += len(data)
            note["files"] += 1
    except (Refused, ServerError):
        _record(shim, "load_history", note | {"status": "aborted", "loaded_rows": 0, "end_time": shim.clock.timestamp()})
        raise
    _record(shim, "load_history", note | {"status": "completed", "end_time": shim.clock.timestamp()})
    _write(shim.records / f"last_copy_{session.backend.pid}", json.dumps({"query_id": query, "loaded_rows": note["loaded_rows"]}), "w")
    return note["loaded_rows"]


def _send(backend, copy, columns, part):
    names = ", ".join(quote_name([column.name]) for column in columns)
    answers = backend.run(f"COPY {quote_name(copy.table)} ({names}) FROM STDIN WITH (FORMAT csv)")
    if answers[-1][0] == b"G":
        try:
            for chunk in part.chunks():
                backend.send(b"d", chunk)
            backend.send(b"c")
        except BadFile:
            backend.send(b"f", b"bad file\0")
            _until_ready(backend)
            raise
        answers = _until_ready(backend)
    for kind, payload in answers:
        if kind == b"E":
            raise ServerError(fields_of_error(payload))


def _until_ready(backend):
    answers = []
    while True:
        kind, payload = backend.read()
        if kind == b"Z":
            return answers
        answers.append((kind, payload))


def _record(shim, what, line):
    _write(shim.records / what, json.dumps(line) + "\n", "a")


def _write(path, text, mode):
    with _RECORDS, open(path, mode, encoding="utf-8") as file:
        file.write(text)
    if mode == "w":
        os.chmod(path, 0o644)
