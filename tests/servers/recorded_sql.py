# SPDX-License-Identifier: Apache-2.0
"""Keeps what sluice sent to redshim, one text of each kind, for redshift_sql_test.py: in a file of JSON for each redshim, in the folder that
SLUICE_RECORDED_SQL names."""
import json
import pathlib
import re
import sys
import urllib.request
import uuid

sys.path.append(str(pathlib.Path(__file__).resolve().parent / "redshim"))

import sql_tokens  # noqa: E402  (it is there now)

# Sessions by wire that are not sluice's are the tests' own, and the owner's, who runs the rights that `sluice ddl --user` prints.
SLUICES_OWN = "SET query_group TO 'sluice'"
# Each probe has names of its own; without that they are a load's.
_OF_A_PROBE = re.compile(r"sluice_probe_[0-9a-z]{26}_")
_REPEATED = re.compile(r"((?: \S++){2,40}?)\1+")


def keep(address, folder):
    """Of the redshim at `address`."""
    with urllib.request.urlopen(address + "/statements") as response:
        log = json.load(response)
    own = {line["session"] for line in log if line["via"] == "data" or line["sql"] == SLUICES_OWN}
    texts = one_of_each_shape(dict.fromkeys(_OF_A_PROBE.sub("", line["sql"]) for line in log if line["session"] in own or line["sql"].startswith("GRANT ")))
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{uuid.uuid4().hex}.json").write_text(json.dumps(texts, indent=1))


def kept(folder):
    return one_of_each_shape(text for path in sorted(pathlib.Path(folder).glob("*.json")) for text in json.loads(path.read_text()))


def one_of_each_shape(texts):
    """The shortest of those that a parser cannot tell apart."""
    shortest = {}
    for text in texts:
        found = shortest.setdefault(shape(text), text)
        if len(text) < len(found):
            shortest[shape(text)] = text
    return sorted(shortest.values())


def shape(sql):
    """Without the values of literals and the numbers in names; what is repeated is there once, as the 300 branches of 300 tables."""
    words = []
    for token in sql_tokens.tokens_of(sql):
        word = token.text
        if token.kind == "string":
            word = "'\\'" if "\\" in word or "'" in word[1:-1] else "''"
        words.append(re.sub(r"\d+(\.\d+)?", "0", word).replace(" ", "_"))
    return _REPEATED.sub(r"\1", " " + " ".join(words))
