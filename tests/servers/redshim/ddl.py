# SPDX-License-Identifier: Apache-2.0
"""CREATE TABLE and ALTER TABLE of Redshift as PostgreSQL's. Types get Redshift's default lengths; distribution, sort keys and encodings are
checked and left out; PRIMARY KEY, UNIQUE and REFERENCES are accepted and not enforced, but a primary key's columns are NOT NULL.
Source: Redshift Database Developer Guide, r_CREATE_TABLE_NEW, r_CREATE_TABLE_AS, r_ALTER_TABLE, r_Character_types, r_Numeric_types201."""
from errors import Refused, syntax_error
from sql_tokens import closing, name_at, quote_name

ENCODINGS = {"AUTO", "RAW", "AZ64", "BYTEDICT", "DELTA", "DELTA32K", "LZO", "MOSTLY8", "MOSTLY16", "MOSTLY32", "RUNLENGTH", "TEXT255", "TEXT32K",
             "ZSTD"}
SIMPLE = {"SMALLINT": "smallint", "INT2": "smallint", "INTEGER": "integer", "INT": "integer", "INT4": "integer", "BIGINT": "bigint", "INT8": "bigint",
          "REAL": "real", "FLOAT4": "real", "FLOAT8": "double precision", "FLOAT": "double precision", "BOOLEAN": "boolean", "BOOL": "boolean",
          "DATE": "date", "TIMESTAMPTZ": "timestamptz", "TIMETZ": "timetz", "SUPER": "super"}
STRINGS = {"VARCHAR": ("varchar", 256, 65535), "NVARCHAR": ("varchar", 256, 65535), "TEXT": ("varchar", 256, 0), "CHAR": ("char", 1, 4096),
           "CHARACTER": ("char", 1, 4096), "NCHAR": ("char", 1, 4096), "BPCHAR": ("char", 256, 0)}
RESERVED = set("""AES128 AES256 ALL ALLOWOVERWRITE ANALYSE ANALYZE AND ANY ARRAY AS ASC AUTHORIZATION AZ64 BACKUP BETWEEN BINARY BLANKSASNULL BOTH
    BYTEDICT BZIP2 CASE CAST CHECK COLLATE COLUMN CONSTRAINT CREATE CREDENTIALS CROSS CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER
    CURRENT_USER_ID DEFAULT DEFERRABLE DEFLATE DEFRAG DELTA DELTA32K DESC DISABLE DISTINCT DO ELSE EMPTYASNULL ENABLE ENCODE ENCRYPT ENCRYPTION END
    EXCEPT EXPLICIT FALSE FOR FOREIGN FREEZE FROM FULL GLOBALDICT256 GLOBALDICT64K GRANT GROUP GZIP HAVING IDENTITY IGNORE ILIKE IN INITIALLY INNER
    INTERSECT INTERVAL INTO IS ISNULL JOIN LANGUAGE LEADING LEFT LIKE LIMIT LOCALTIME LOCALTIMESTAMP LUN LUNS LZO LZOP MINUS MOSTLY16 MOSTLY32
    MOSTLY8 NATURAL NEW NOT NOTNULL NULL NULLS OFF OFFLINE OFFSET OID OLD ON ONLY OPEN OR ORDER OUTER OVERLAPS PARALLEL PARTITION PERCENT
    PERMISSIONS PIVOT PLACING PRIMARY RAW READRATIO RECOVER REFERENCES REJECTLOG RESORT RESPECT RESTORE RIGHT SELECT SESSION_USER SIMILAR SNAPSHOT
    SOME SYSDATE SYSTEM TABLE TAG TDES TEXT255 TEXT32K THEN TIMESTAMP TO TOP TRAILING TRUE TRUNCATECOLUMNS UNION UNIQUE UNNEST UNPIVOT USER USING
    VERBOSE WALLET WHEN WHERE WITH WITHOUT""".split())


def type_at(tokens, i):
    """Redshift's type there as PostgreSQL's, and the index after it."""
    word = tokens[i].word if i < len(tokens) else ""
    following = tokens[i + 1].word if i + 1 < len(tokens) else ""
    if word in SIMPLE:
        after = i + 1
        if word == "FLOAT" and after < len(tokens) and tokens[after].text == "(":
            bits, after = _arguments(tokens, after)
            return ("real" if int(bits[0]) <= 24 else "double precision"), after
        return SIMPLE[word], after
    if word == "DOUBLE" and following == "PRECISION":
        return "double precision", i + 2
    if word in ("TIMESTAMP", "TIME"):
        after, zone = i + 1, ""
        if following in ("WITH", "WITHOUT") and [t.word for t in tokens[i + 2:i + 4]] == ["TIME", "ZONE"]:
            after, zone = i + 4, "tz" if following == "WITH" else ""
        return word.lower() + zone, after
    if word in ("DECIMAL", "NUMERIC"):
        given, after = _arguments(tokens, i + 1)
        precision, scale = [int(x) for x in (given + ["0"])[:2]] if given else (18, 0)
        if not 1 <= precision <= 38 or scale > precision or scale > 37:
            raise Refused("22023", f"NUMERIC precision {precision} must be between 1 and 38")
        return f"numeric({precision},{scale})", after
    if word in STRINGS:
        kind, length, most = STRINGS[word]
        i += 1
        if following == "VARYING":
            (kind, length, most), i = STRINGS["VARCHAR"], i + 1
        given, after = _arguments(tokens, i)
        if given:
            if most == 0:  # TEXT(n) and BPCHAR(n): the length is ignored
                return f"{kind}({length})", after
            length = most if given[0].upper() == "MAX" else int(given[0])
            if not 1 <= length <= most:
                raise Refused("22023", f"length for type {'character varying' if kind == 'varchar' else 'character'} cannot exceed {most}")
        return f"{kind}({length})", after
    raise Refused("0A000", f'type "{tokens[i].text if i < len(tokens) else ""}" is not supported')


def _arguments(tokens, i):
    if i >= len(tokens) or tokens[i].text != "(":
        return [], i
    end = closing(tokens, i)
    return [t.text for t in tokens[i + 1:end] if t.text != ","], end + 1


def column_definition(sql, tokens):
    """One column's definition; and whether it is a primary key."""
    if tokens[0].kind not in ("word", "quoted") or tokens[0].word in RESERVED:
        raise syntax_error(tokens[0])
    kind, i = type_at(tokens, 1)
    parts = [quote_name([tokens[0].name]), kind]
    while i < len(tokens):
        word, following = tokens[i].word, tokens[i + 1].word if i + 1 < len(tokens) else ""
        if word == "DEFAULT":
            end = _end_of_expression(tokens, i + 1)
            parts.append("DEFAULT " + sql[tokens[i + 1].at:tokens[end - 1].end])
            i = end
        elif word == "IDENTITY" or (word == "GENERATED" and following == "BY"):
            by = "ALWAYS" if word == "IDENTITY" else "BY DEFAULT"
            i += 1 if word == "IDENTITY" else 5
            (seed, step), i = _arguments(tokens, i)
            parts.append(f"GENERATED {by} AS IDENTITY (START WITH {seed} INCREMENT BY {step} MINVALUE {min(int(seed), 1)})")
        elif word == "ENCODE":
            if following not in ENCODINGS:
                raise syntax_error(tokens[i + 1])
            i += 2
        elif word in ("DISTKEY", "SORTKEY"):
            if kind == "super":
                raise Refused("0A000", f"SUPER column can not be {word}")
            i += 1
        elif word == "NOT" and following == "NULL":
            parts.append("NOT NULL")
            i += 2
        elif word == "NULL" or word == "UNIQUE":
            i += 1
        elif word == "PRIMARY" and following == "KEY":
            parts.append("NOT NULL")
            i += 2
        elif word == "REFERENCES":
            _, i = name_at(tokens, i + 1)
            _, i = _arguments(tokens, i)
        elif word == "COLLATE":
            i += 2
        else:
            raise syntax_error(tokens[i])
    return " ".join(dict.fromkeys(parts))


def _end_of_expression(tokens, i):
    ends = ("IDENTITY", "GENERATED", "ENCODE", "DISTKEY", "SORTKEY", "NOT", "UNIQUE", "PRIMARY", "REFERENCES", "COLLATE")
    while i < len(tokens) and tokens[i].word not in ends and not (tokens[i].word == "NULL" and tokens[i - 1].word != "DEFAULT"):
        i = closing(tokens, i) + 1 if tokens[i].text == "(" else i + 1
    return i


def create_table(sql, tokens):
    """PostgreSQL's text."""
    i = next(n for n, t in enumerate(tokens) if t.word == "TABLE") + 1
    if [t.word for t in tokens[i:i + 3]] == ["IF", "NOT", "EXISTS"]:
        i += 3
    name, i = name_at(tokens, i)
    if not name:
        raise syntax_error(tokens[min(i, len(tokens) - 1)])
    head, columns = sql[:tokens[0].at] + " ".join(t.text for t in tokens[:i] if t.kind == "word" and t.word in _HEAD) + " " + quote_name(name), None
    if i < len(tokens) and tokens[i].text == "(":
        end = closing(tokens, i)
        columns, i = (i + 1, end), end + 1
    i = _attributes(tokens, i)
    if i < len(tokens) and tokens[i].word == "AS":
        names = " (" + ", ".join(quote_name([t.name]) for t in tokens[columns[0]:columns[1]] if t.text != ",") + ")" if columns else ""
        return f"{head}{names} AS ", i + 1
    if i < len(tokens) or columns is None:
        raise syntax_error(tokens[min(i, len(tokens) - 1)])
    return f"{head} ({_items(sql, tokens, *columns)})", None


_HEAD = {"CREATE", "LOCAL", "TEMP", "TEMPORARY", "TABLE", "IF", "NOT", "EXISTS"}


def _items(sql, tokens, begin, end):
    items, keys, start, i = [], set(), begin, begin
    bounds = []
    while i <= end:
        if i == end or tokens[i].text == ",":
            bounds.append((start, i))
            start = i + 1
        elif tokens[i].text == "(":
            i = closing(tokens, i)
        i += 1
    definitions = {}
    for start, stop in bounds:
        item = tokens[start:stop]
        if not item:
            raise syntax_error(tokens[stop])
        words = [t.word for t in item]
        if words[0] == "CONSTRAINT":
            item, words = item[2:], words[2:]
        if words[0] == "LIKE":
            items.append(_like(item))
        elif words[0] in ("PRIMARY", "UNIQUE", "FOREIGN"):
            if words[0] == "PRIMARY":
                keys |= {t.name for t in item[3:closing(item, 2)] if t.text != ","}
        elif words[0] in ("CHECK", "EXCLUDE"):
            raise Refused("0A000", f"{words[0]} constraints are not supported")
        else:
            definitions[item[0].name] = len(items)
            items.append(column_definition(sql, item))
    for key in keys:
        if key not in definitions:
            raise Refused("42703", f'column "{key}" named in key does not exist')
        if "NOT NULL" not in items[definitions[key]]:
            items[definitions[key]] += " NOT NULL"
    return ", ".join(items)


def _like(item):
    name, i = name_at(item, 1)
    options = [t.word for t in item[i:]]
    if options not in ([], ["INCLUDING", "DEFAULTS"], ["EXCLUDING", "DEFAULTS"]):
        raise syntax_error(item[i])
    return f"LIKE {quote_name(name)}" + (" INCLUDING DEFAULTS" if options[:1] == ["INCLUDING"] else "")


def _attributes(tokens, i):
    """The index after BACKUP, DISTSTYLE, DISTKEY, SORTKEY and ENCODE AUTO."""
    while i < len(tokens):
        word, following = tokens[i].word, tokens[i + 1].word if i + 1 < len(tokens) else ""
        if word == "BACKUP" and following in ("YES", "NO") or word == "DISTSTYLE" and following in ("AUTO", "EVEN", "KEY", "ALL"):
            i += 2
        elif word == "ENCODE" and following == "AUTO" or word == "SORTKEY" and following == "AUTO":
            i += 2
        elif word in ("DISTKEY", "SORTKEY") and i + 1 < len(tokens) and tokens[i + 1].text == "(":
            i = closing(tokens, i + 1) + 1
        elif word in ("COMPOUND", "INTERLEAVED") and following == "SORTKEY":
            i += 1
        else:
            break
    return i


def alter_table(sql, tokens):
    """(PostgreSQL's text, or None for what changes nothing here; whether it may not run inside a transaction)"""
    name, i = name_at(tokens, 2)
    words = [t.word for t in tokens[i:]]
    head = f"ALTER TABLE {quote_name(name)} "
    if words[:1] == ["ADD"]:
        i += 1
        if words[1] in ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN"):
            return None, False
        i += words[1] == "COLUMN"
        column = column_definition(sql, tokens[i:])
        if " NOT NULL" in column and " DEFAULT " not in column:
            raise Refused("0A000", "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression")
        return head + "ADD COLUMN " + column, False
    if words[:1] == ["ALTER"]:
        if words[1] in ("DISTKEY", "DISTSTYLE", "SORTKEY", "COMPOUND", "ENCODE"):
            return None, True
        i += 2 if words[1] == "COLUMN" else 1
        column, what = tokens[i], tokens[i + 1].word
        if what == "ENCODE":
            return None, True
        if what != "TYPE":
            raise syntax_error(tokens[i + 1])
        kind, _ = type_at(tokens, i + 2)
        if not kind.startswith("varchar"):
            raise Refused("0A000", "ALTER COLUMN TYPE is only supported for VARCHAR columns")
        return head + f"ALTER COLUMN {quote_name([column.name])} TYPE {kind}", True
    return sql, False
