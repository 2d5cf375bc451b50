# SPDX-License-Identifier: Apache-2.0
"""What PostgreSQL 15 would do and Redshift does not. One table: a pattern of the statement's shape (shape_of), the SQLSTATE, the message, and
the page of the Redshift Database Developer Guide that says so. {} in a message is what the pattern's last group found."""
import re

DDL, FUNCTIONS, UNSUPPORTED = "c_redshift-and-postgres-sql", "c_unsupported-postgresql-functions", "c_unsupported-postgresql-features"
DATATYPES = "c_unsupported-postgresql-datatypes"
LEADER = "Specified types or functions (one per INFO message) not supported on Redshift tables."

_TYPES = r"JSON|JSONB|UUID|BYTEA|MONEY|XML|INET|CIDR|MACADDR|BIT|TSVECTOR|TSQUERY|POINT|HSTORE|REGCLASS|REGPROC|REGTYPE|OID"
_FUNCTIONS = "|".join("""array_agg string_agg json_agg jsonb_agg json_build_object jsonb_build_object json_object_agg jsonb_object_agg row_to_json
    to_json to_jsonb jsonb_set jsonb_array_elements json_array_elements jsonb_each json_each jsonb_typeof unnest array_length array_to_string
    string_to_array array_append cardinality error format concat_ws regexp_matches regexp_match regexp_split_to_table regexp_split_to_array
    make_interval make_date make_timestamp clock_timestamp statement_timestamp transaction_timestamp gen_random_uuid uuid_generate_v4 setval
    nextval currval lastval to_regclass txid_current pg_current_xact_id pg_advisory_lock pg_advisory_xact_lock pg_try_advisory_lock
    pg_try_advisory_xact_lock pg_sleep pg_read_file num_nulls num_nonnulls hashtext bool_xor every mode xmlagg""".split())

# Order matters: the first that fits is given.
REFUSALS = [
    # (pattern, SQLSTATE, message, source)
    (r"\bON (CONFLICT)\b", "42601", 'syntax error at or near "{}"', "r_INSERT_30"),
    (r"^(?:INSERT|UPDATE|DELETE|MERGE|WITH)\b.* (RETURNING)\b", "42601", 'syntax error at or near "{}"', "r_INSERT_30"),
    (r"\bDISTINCT (ON) \(", "0A000", "SELECT DISTINCT {} is not supported", DDL),
    (r"\bFILTER (\() WHERE\b", "42601", 'syntax error at or near "{}"', "c_Aggregate_Functions"),
    (r"\b(LATERAL)\b", "0A000", "{} is not supported", "r_FROM_clause30"),
    (r"\bIS (?:NOT )?DISTINCT (FROM)\b", "42601", 'syntax error at or near "{}"', "r_comparison_condition"),
    (r"(?:FROM|JOIN|,|AS) \( (VALUES)\b", "42601", 'syntax error at or near "{}"', "r_FROM_clause30"),
    (r"^(VALUES|TABLE)\b", "42601", 'syntax error at or near "{}"', "c_SQL_commands"),
    (r"\bFOR (?:NO KEY )?(UPDATE|SHARE|KEY SHARE)(?: OF \S+)?(?: NOWAIT| SKIP LOCKED)?$", "0A000", "SELECT FOR {} is not supported",
     "r_SELECT_synopsis"),
    (r"\bFETCH (FIRST|NEXT)\b.* ROWS? ONLY", "42601", 'syntax error at or near "{}"', "r_ORDER_BY_clause"),
    (r"\bTABLESAMPLE\b()", "42601", 'syntax error at or near "TABLESAMPLE"', "r_FROM_clause30"),
    (r"^WITH\b.* \) (INSERT INTO|DELETE FROM|UPDATE|MERGE INTO)\b", "42601", 'syntax error at or near "{}"', "r_WITH_clause"),
    (r"\bAS \( (INSERT|DELETE|UPDATE)\b", "42601", 'syntax error at or near "{}"', "r_WITH_clause"),
    (r"^(?:CREATE (?:UNIQUE )?|DROP |ALTER |RE)(INDEX)\b", "0A000", 'SQL command "{}" not supported on Redshift tables.', UNSUPPORTED),
    (r"^(CLUSTER)\b", "0A000", 'SQL command "{}" not supported on Redshift tables.', UNSUPPORTED),
    (r"^(SAVEPOINT|RELEASE|ROLLBACK TO|PREPARE TRANSACTION|COMMIT PREPARED|LISTEN|NOTIFY|UNLISTEN|DO|LOAD|SECURITY)\b", "0A000",
     'SQL command "{}" not supported.', UNSUPPORTED),
    (r"^(?:CREATE|DROP|ALTER) (?:OR REPLACE )?(TRIGGER|RULE|SEQUENCE|DOMAIN|TYPE|EXTENSION|TABLESPACE|EVENT TRIGGER|COLLATION|AGGREGATE|OPERATOR|"
     r"CAST|POLICY|STATISTICS|FUNCTION|PROCEDURE)\b", "0A000", 'SQL command "CREATE {}" not supported on Redshift tables.', UNSUPPORTED),
    (r"^CREATE (UNLOGGED|FOREIGN)\b", "42601", 'syntax error at or near "{}"', "r_CREATE_TABLE_NEW"),
    (r"^CREATE (?:LOCAL )?(?:TEMP |TEMPORARY )?TABLE (IF) NOT EXISTS \S+(?: \. \S+)?(?: \([^()]*\))? AS\b", "42601", 'syntax error at or near "{}"',
     "r_CREATE_TABLE_AS"),
    (r"^TRUNCATE .* (,|RESTART|CONTINUE|CASCADE|RESTRICT)(?: |$)", "42601", 'syntax error at or near "{}"', "r_TRUNCATE"),
    (r"^LOCK .* (IN) .* MODE", "42601", 'syntax error at or near "{}"', "r_LOCK"),
    (r"^LOCK .* (NOWAIT)$", "42601", 'syntax error at or near "{}"', "r_LOCK"),
    (r"^ALTER TABLE .* ADD (?:COLUMN )?(IF) NOT EXISTS", "42601", 'syntax error at or near "{}"', "r_ALTER_TABLE"),
    (r"^ALTER TABLE .* , (ADD|ALTER|DROP)\b", "42601", 'syntax error at or near "{}"', "r_ALTER_TABLE"),
    (r"^ALTER TABLE .* ALTER (?:COLUMN )?\S+ (SET NOT NULL|DROP NOT NULL|SET DEFAULT|DROP DEFAULT|SET STATISTICS|SET STORAGE)", "0A000",
     "ALTER COLUMN {} is not supported", "r_ALTER_TABLE"),
    (r"^ALTER TABLE .* (APPEND)\b", "0A000", "redshim does not cover ALTER TABLE {}", "r_ALTER_TABLE_APPEND"),
    (r"^EXPLAIN \(?(?: )?(ANALYZE|ANALYSE)\b", "0A000", "EXPLAIN {} is not supported", "r_EXPLAIN"),
    (r"^COPY .* FROM (STDIN|PROGRAM)\b", "0A000", "COPY FROM {} is not supported", "r_COPY"),
    (r"^COPY .* (TO) ", "0A000", "COPY {} is not supported, use UNLOAD", "r_UNLOAD"),
    (r"^(UNLOAD)\b", "0A000", "redshim does not cover {}", "r_UNLOAD"),
    (r"(?:::|\bAS) (" + _TYPES + r")(?: |$)", "0A000", 'type "{}" is not supported', DATATYPES),
    (r"(?:\w|\)) (\[) ?\d* ?\]", "0A000", "arrays are not supported", DATATYPES),
    (r"\b(ARRAY) \[", "0A000", "{} is not supported in queries of tables", DATATYPES),
    (r"= (ANY|ALL) \( (?!SELECT)", "0A000", "{} of an array is not supported", DATATYPES),
    (r"(?<!\. )\b(" + _FUNCTIONS.upper() + r") \(", "42883", "function {}() does not exist", FUNCTIONS),
    (r"(?:JOIN|,) (GENERATE_SERIES) \(", "0A000", LEADER,
     "c_SQL_functions_leader_node_only"),
    (r"^(?:INSERT|CREATE|UPDATE|DELETE)\b.*\b(GENERATE_SERIES) \(", "0A000", LEADER, "c_SQL_functions_leader_node_only"),
    (r"^(?:INSERT|CREATE|UPDATE|DELETE)\b.*\b(NOW|CURRENT_SCHEMAS|PG_BACKEND_PID|VERSION|HAS_TABLE_PRIVILEGE) \(", "0A000", LEADER,
     "c_SQL_functions_leader_node_only"),
    (r"^(?:INSERT|CREATE|UPDATE|DELETE|MERGE)\b.*\b(?:FROM|JOIN|USING|,) (?:PG_CATALOG \. )?(PG_CLASS|PG_ATTRIBUTE|PG_NAMESPACE|PG_TYPE|PG_TABLE_DEF|"
     r"PG_TABLES|PG_USER|SVV_COLUMNS|SVV_TABLES|INFORMATION_SCHEMA)\b", "0A000", LEADER, "c_join_PG"),
    (r"\b(SELECT|BY|,|\(|=|<|>|AND|OR|ON|WHERE|WHEN|THEN|ELSE) (?:(AES128|AES256|ALLOWOVERWRITE|BACKUP|BLANKSASNULL|BYTEDICT|BZIP2|CREDENTIALS|"
     r"DEFLATE|DEFRAG|DELTA|DELTA32K|DISABLE|EMPTYASNULL|ENCODE|ENCRYPT|ENCRYPTION|EXPLICIT|GLOBALDICT256|GLOBALDICT64K|GZIP|IGNORE|LUN|LUNS|LZO|"
     r"LZOP|MOSTLY13|MOSTLY32|MOSTLY8|OFFLINE|OLD|PARALLEL|PERCENT|PERMISSIONS|RAW|READRATIO|RECOVER|RESPECT|REJECTLOG|RESORT|RESTORE|SNAPSHOT|TAG|TDES|"
     r"TEXT255|TEXT32K|TRUNCATECOLUMNS|WALLET|WITHOUT)) (?:,|\)|=|<|>|FROM|\+|-|AND|OR|IS|ASC|DESC)", "42601", 'syntax error at or near "{}"',
     "r_pg_keywords"),
]
REFUSALS = [(re.compile(pattern, re.S), *rest) for pattern, *rest in REFUSALS]


def shape_of(tokens):
    """The statement in one line: words in capitals, strings as '', quoted names as they are, one blank between tokens."""
    return " ".join(token.word or ("''" if token.kind in ("string", "dollar") else token.text) for token in tokens)


def refusal(tokens):
    """(SQLSTATE, message) for what Redshift refuses, else None."""
    shape = shape_of(tokens)
    if shape.startswith("INSERT INTO ") and " VALUES ( " in shape and " ) , ( " in shape and re.search(r"[(,] DEFAULT [,)]", shape):
        return "0A000", "DEFAULT is not supported in a multi-row INSERT"  # c_Multi_row_inserts
    for pattern, state, message, _ in REFUSALS:
        found = pattern.search(shape)
        if found:
            said = next((group for group in reversed(found.groups()) if group), "")
            return state, message.replace("{}", said.lower() if "syntax error" in message or "function" in message else said)
    return None
