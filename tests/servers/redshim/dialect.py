# SPDX-License-Identifier: Apache-2.0
"""What is to be done with a statement: refused (refusals.py), run by redshim itself (COPY, transaction control, settings), or run by PostgreSQL
after changes to its text."""
import dataclasses

import ddl
from errors import Refused, syntax_error
from refusals import refusal, shape_of
from sql_tokens import BadSql, Changes, name_at, quote_name

LARGEST_STATEMENT = 16 << 20  # r_CREATE_TABLE_NEW, c_redshift_sql: "the maximum size for a single SQL statement is 16 MB"


@dataclasses.dataclass
class Plan:
    kind: str  # begin, commit, rollback, lock, write, truncate, copy, set, show, nothing, create_user, query
    sql: str  # for PostgreSQL
    shape: str
    table: list = None  # parts of the name of the table that is written or locked
    made: list = None  # parts of the name of the table that CREATE TABLE AS makes
    outside: bool = False  # may not run inside a transaction
    tag: str = ""  # of what redshim answers itself
    setting: tuple = None  # (name, value), value None: to its default
    tokens: list = None


# Parameters that PostgreSQL knows too, with the same meaning (cm_chap_ConfigurationRef); the others of Redshift are kept and shown, no more.
PASSED_ON = {"DATESTYLE", "EXTRA_FLOAT_DIGITS", "SEARCH_PATH", "STATEMENT_TIMEOUT", "TIMEZONE", "APPLICATION_NAME", "CLIENT_ENCODING", "SESSION"}
KEPT = {"QUERY_GROUP", "ANALYZE_THRESHOLD_PERCENT", "ENABLE_RESULT_CACHE_FOR_SESSION", "ENABLE_CASE_SENSITIVE_IDENTIFIER", "WLM_QUERY_SLOT_COUNT",
        "ENABLE_CASE_SENSITIVE_SUPER_ATTRIBUTE", "CAST_SUPER_NULL_ON_ERROR", "NAVIGATE_SUPER_NULL_ON_ERROR", "PARSE_SUPER_NULL_ON_ERROR",
        "DESCRIBE_FIELD_NAME_IN_UPPERCASE", "DOWNCASE_DELIMITED_IDENTIFIER", "ERROR_ON_NONDETERMINISTIC_UPDATE", "ENABLE_NUMERIC_ROUNDING",
        "JSON_SERIALIZATION_ENABLE", "JSON_SERIALIZATION_PARSE_NESTED_STRINGS", "MAX_CURSOR_RESULT_SET_SIZE", "SPECTRUM_QUERY_MAXERROR"}


def translate(text, tokens):
    """Raises Refused."""
    if len(text.encode()) > LARGEST_STATEMENT:
        raise Refused("54000", "Statement is too large. Statement Size: {} bytes. Maximum Allowed: 16777216 bytes".format(len(text.encode())))
    refused = refusal(tokens)
    if refused:
        raise Refused(*refused)
    shape = shape_of(tokens)
    words = [t.word for t in tokens[:4]] + [""] * 4
    plan = Plan("query", text, shape, tokens=tokens)
    try:
        if words[0] in _HANDLERS:
            _HANDLERS[words[0]](plan, tokens, words)
        if plan.kind in ("query", "write") and plan.sql is text:
            plan.sql = rewritten(text, tokens)
    except (BadSql, IndexError, ValueError, StopIteration) as why:  # it ends too early, or has a name where a number should be
        raise Refused("42601", "syntax error at end of input") from why
    return plan


def rewritten(sql, tokens, begin=0, changes=None):
    """Redshift's names of functions and types, and its small letters, in any statement."""
    changes = changes or Changes(sql)
    for i in range(begin, len(tokens)):
        token, before, after = tokens[i], tokens[i - 1] if i else None, tokens[i + 1] if i + 1 < len(tokens) else None
        if token.kind == "quoted" and token.text != token.text.lower():
            changes.put(token, token, token.text.lower())
        elif token.word == "SYSDATE" and not (before and before.text == "."):
            changes.put(token, token, "pg_catalog.redshim_sysdate()")
        elif token.word == "NVL" and after and after.text == "(":
            changes.put(token, token, "COALESCE")
        elif before and token.kind == "word" and (before.text == "::" or (before.word == "AS" and _is_cast(tokens, i))):
            try:
                kind, end = ddl.type_at(tokens, i)
            except Refused:
                continue  # no type: a name after AS
            changes.put(token, tokens[end - 1], kind)
            begin = _is_cast(tokens, i) if before.word == "AS" and kind.startswith("varchar(") else 0
            if begin:  # a cast cuts after so many bytes
                changes.insert(tokens[begin].end, "redshim.cut(CAST(")
                changes.insert(before.at, f" AS text), {kind[8:-1]}) ")
    return changes.text()


def _is_cast(tokens, i):
    """Where the parenthesis of CAST( is, if `expression AS type` stands in one; else 0."""
    depth = 0
    for n in range(i - 2, 0, -1):
        depth += (tokens[n].text == ")") - (tokens[n].text == "(")
        if depth < 0:
            return n if tokens[n - 1].word == "CAST" else 0
    return 0


def _begin(plan, tokens, words):
    # Every isolation level is accepted and means the database's own (r_BEGIN).
    read_only = " READ ONLY" if "READ ONLY" in plan.shape else ""
    if words[0] == "START" and words[1] != "TRANSACTION":
        raise syntax_error(tokens[0])
    plan.kind, plan.sql = "begin", "BEGIN" + read_only


def _commit(plan, tokens, words):
    plan.kind, plan.sql = "commit", "COMMIT"


def _rollback(plan, tokens, words):
    plan.kind, plan.sql = "rollback", "ROLLBACK"


def _lock(plan, tokens, words):
    i = 2 if words[1] == "TABLE" else 1
    plan.table, after = name_at(tokens, i)
    if not plan.table:
        raise syntax_error(tokens[-1])
    names = [quote_name(plan.table)]
    while after < len(tokens) and tokens[after].text == ",":
        name, after = name_at(tokens, after + 1)
        names.append(quote_name(name))
    if after < len(tokens):
        raise syntax_error(tokens[after])
    plan.kind, plan.sql = "lock", "LOCK TABLE " + ", ".join(names) + " IN ACCESS EXCLUSIVE MODE"


def _insert(plan, tokens, words):
    plan.kind = "write"
    plan.table, _ = name_at(tokens, 2)


def _update(plan, tokens, words):
    plan.kind = "write"
    plan.table, _ = name_at(tokens, 1)


def _delete(plan, tokens, words):
    plan.kind = "write"
    plan.table, _ = name_at(tokens, 2 if words[1] == "FROM" else 1)
    if words[1] != "FROM":
        changes = Changes(plan.sql)
        changes.insert(tokens[0].end, " FROM")
        plan.sql = rewritten(plan.sql, tokens, changes=changes)


def _merge(plan, tokens, words):
    plan.kind = "write"
    plan.table, _ = name_at(tokens, 2)


def _truncate(plan, tokens, words):
    plan.table, _ = name_at(tokens, 2 if words[1] == "TABLE" else 1)
    plan.kind, plan.sql = "truncate", "TRUNCATE " + quote_name(plan.table)


def _create(plan, tokens, words):
    if "TABLE" in words[1:4] and words[1] in ("TABLE", "TEMP", "TEMPORARY", "LOCAL"):
        head, query = ddl.create_table(plan.sql, tokens)
        if query is not None:
            plan.made, _ = name_at(tokens, next(n for n, t in enumerate(tokens) if t.word == "TABLE") + 1)
            head += rewritten(plan.sql, tokens, query)[tokens[query].at:]
        plan.sql = head
    elif words[1] in ("USER", "GROUP"):
        plan.kind = "create_user"
    elif words[1] == "DATABASE":
        plan.outside = True


def _alter(plan, tokens, words):
    if words[1] == "TABLE":
        sql, plan.outside = ddl.alter_table(plan.sql, tokens)
        if sql is None:
            plan.kind, plan.tag = "nothing", "ALTER TABLE"
        elif sql is not plan.sql:
            plan.sql = sql
    elif words[1] == "USER":
        plan.kind = "create_user"
        if words[3] == "SET" and len(tokens) > 4 and tokens[4].word in KEPT:
            plan.kind, plan.tag = "nothing", "ALTER USER"


def _grant(plan, tokens, words):
    """GRANT ... TO ROLE x and GRANT ROLE x TO y, without PostgreSQL's missing word."""
    changes = Changes(plan.sql)
    for before, token in zip(tokens, tokens[1:]):
        if token.word == "ROLE" and (before.word in ("TO", "FROM", "GRANT", "REVOKE") or before.text == ","):
            changes.put(token, token, "")
    plan.sql = rewritten(plan.sql, tokens, changes=changes)


def _set(plan, tokens, words):
    i = 2 if words[1] in ("LOCAL", "SESSION") and words[2] not in ("AUTHORIZATION", "CHARACTERISTICS") else 1
    name = tokens[i].word or tokens[i].text.upper() if i < len(tokens) else ""
    if name == "TRANSACTION" or words[2] == "CHARACTERISTICS":
        plan.kind, plan.tag = "nothing", "SET"
    elif name == "TIME":  # SET TIME ZONE
        plan.kind = "query"
    elif name in KEPT:
        value = tokens[i + 2] if i + 2 < len(tokens) else None
        text = value and (value.value if value.kind == "string" else value.text)
        plan.kind, plan.tag, plan.setting = "set", "SET", (name.lower(), None if text and text.upper() == "DEFAULT" else text)
    elif name not in PASSED_ON:
        raise Refused("42704", f'unrecognized configuration parameter "{name.lower()}"')


def _reset(plan, tokens, words):
    if words[1] in KEPT:
        plan.kind, plan.tag, plan.setting = "set", "RESET", (words[1].lower(), None)
    elif words[1] not in PASSED_ON | {"ALL"}:
        raise Refused("42704", f'unrecognized configuration parameter "{words[1].lower()}"')


def _show(plan, tokens, words):
    if words[1] in KEPT:
        plan.kind, plan.setting = "show", (words[1].lower(), None)
    elif words[1] not in PASSED_ON | {"SERVER_VERSION", "TRANSACTION_ISOLATION"}:
        raise Refused("42704", f'unrecognized configuration parameter "{words[1].lower()}"')


def _vacuum(plan, tokens, words):
    plan.kind, plan.tag, plan.outside = "nothing", "VACUUM", True


def _analyze(plan, tokens, words):
    if words[1] in ("COMPRESSION", "PREDICATE"):
        raise Refused("0A000", "redshim does not cover ANALYZE " + words[1])
    name, _ = name_at(tokens, 1)
    plan.sql = "ANALYZE" + (" " + quote_name(name) if name else "")


def _copy(plan, tokens, words):
    plan.kind = "copy"
    plan.table, _ = name_at(tokens, 1)


_HANDLERS = {"BEGIN": _begin, "START": _begin, "COMMIT": _commit, "END": _commit, "ROLLBACK": _rollback, "ABORT": _rollback, "LOCK": _lock,
             "INSERT": _insert, "UPDATE": _update, "DELETE": _delete, "MERGE": _merge, "TRUNCATE": _truncate, "CREATE": _create, "ALTER": _alter,
             "SET": _set, "RESET": _reset, "SHOW": _show, "VACUUM": _vacuum, "ANALYZE": _analyze, "ANALYSE": _analyze, "COPY": _copy,
             "GRANT": _grant, "REVOKE": _grant}
