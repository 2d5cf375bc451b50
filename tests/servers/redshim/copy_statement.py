# SPDX-License-Identifier: Apache-2.0
"""COPY table [(columns)] FROM 's3://...' ... FORMAT AS PARQUET, cut into its parts. Source: r_COPY, copy-usage_notes-copy-from-columnar."""
import dataclasses

from errors import Refused, syntax_error
from sql_tokens import closing, name_at

# Of other formats; COPY from Parquet refuses them. What follows the option and belongs to it: a value, a switch, or nothing.
NOT_FOR_PARQUET = {
    "MAXERROR": "value", "ACCEPTANYDATE": "", "TRUNCATECOLUMNS": "", "BLANKSASNULL": "", "EMPTYASNULL": "", "NULL": "value", "ESCAPE": "",
    "REMOVEQUOTES": "", "TRIMBLANKS": "", "DATEFORMAT": "value", "TIMEFORMAT": "value", "IGNOREHEADER": "value", "IGNOREBLANKLINES": "", "NOLOAD": "",
    "COMPUPDATE": "switch", "COMPROWS": "value", "REGION": "value", "ENCODING": "value", "ENCRYPTED": "", "GZIP": "", "BZIP2": "", "LZOP": "",
    "ZSTD": "", "DELIMITER": "value", "FIXEDWIDTH": "value", "ROUNDEC": "", "SSH": "", "READRATIO": "value", "MASTER_SYMMETRIC_KEY": "value",
    "IGNOREALLERRORS": "", "CSV": "", "JSON": "value", "AVRO": "value", "QUOTE": "value", "SHAPEFILE": "", "SIMPLIFY": "",
}


@dataclasses.dataclass
class CopyStatement:
    table: list
    columns: list  # as named, None without a list
    url: str = ""
    role: str = None
    manifest: bool = False
    fill_record: bool = False
    explicit_ids: bool = False
    accept_invalid_with: str = None  # what ACCEPTINVCHARS puts in place of a bad character
    serialize_to_json: bool = False


def parse(tokens):
    """Raises Refused."""
    table, i = name_at(tokens, 1)
    copy = CopyStatement(table, None)
    if i < len(tokens) and tokens[i].text == "(":
        end = closing(tokens, i)
        copy.columns = [t.name for t in tokens[i + 1:end] if t.text != ","]
        i = end + 1
    if i + 1 >= len(tokens) or tokens[i].word != "FROM" or tokens[i + 1].kind != "string":
        raise syntax_error(tokens[min(i, len(tokens) - 1)])
    copy.url, i = tokens[i + 1].value, i + 2
    if not copy.url.startswith("s3://"):
        raise Refused("0A000", "redshim covers COPY from s3:// only")
    if not _read_options(tokens, i, copy):
        raise Refused("0A000", "redshim covers FORMAT AS PARQUET only")
    if copy.role is None:
        raise Refused("XX000", "COPY needs IAM_ROLE or CREDENTIALS")
    return copy


def _read_options(tokens, i, copy):
    """Whether the format is Parquet."""
    parquet = False
    while i < len(tokens):
        word, following = tokens[i].word, tokens[i + 1] if i + 1 < len(tokens) else None
        i += 1
        if word in ("WITH", "AUTHORIZATION"):
            continue
        if word == "IAM_ROLE":
            copy.role = following.value if following and following.kind == "string" else "default"
            i += 1
        elif word in ("CREDENTIALS", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
            raise Refused("0A000", "redshim covers authorization by IAM_ROLE only")
        elif word in ("FORMAT", "PARQUET"):
            if word == "FORMAT":
                i += following is not None and following.word == "AS"
                if i >= len(tokens) or tokens[i].word != "PARQUET":
                    raise Refused("0A000", "redshim covers FORMAT AS PARQUET only")
                i += 1
            parquet = True
        elif word == "SERIALIZETOJSON" and parquet:
            copy.serialize_to_json = True
        elif word == "MANIFEST":
            copy.manifest = True
        elif word == "FILLRECORD":
            copy.fill_record = True
        elif word == "EXPLICIT_IDS":
            copy.explicit_ids = True
        elif word == "ACCEPTINVCHARS":
            i += following is not None and following.word == "AS"
            given = tokens[i] if i < len(tokens) and tokens[i].kind == "string" else None
            copy.accept_invalid_with, i = given.value if given else "?", i + (given is not None)
        elif word == "STATUPDATE":
            i += following is not None and following.word in ("ON", "OFF", "TRUE", "FALSE")
        elif word in NOT_FOR_PARQUET:
            raise Refused("0A000", f"{word} argument is not supported for PARQUET based COPY" if "PARQUET" in [t.word for t in tokens]
                          else "redshim covers FORMAT AS PARQUET only")
        else:
            raise syntax_error(tokens[i - 1])
    return parquet
