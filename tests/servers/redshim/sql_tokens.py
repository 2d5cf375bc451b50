# SPDX-License-Identifier: Apache-2.0
"""Cuts SQL text into tokens and statements, and changes it where tokens stand; what is not changed stays byte for byte."""
import dataclasses
import re

_TOKEN = re.compile(r"""
    (?P<space>\s+|--[^\n]*)
  | (?P<string>[eE]?'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+')
  | (?P<quoted>"[^"]*+(?:""[^"]*+)*+")
  | (?P<dollar>\$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$)
  | (?P<parameter>\$\d+)
  | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
  | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
  | (?P<operator>::|<>|!=|<=|>=|\|\||.)
""", re.X | re.S)


class BadSql(Exception):
    """The text cannot be cut into tokens."""


@dataclasses.dataclass(frozen=True)
class Token:
    kind: str  # string, quoted, dollar, parameter, word, number, operator
    text: str
    at: int

    @property
    def word(self):
        """In capitals, "" if it is no word: for keywords."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def end(self):
        return self.at + len(self.text)

    @property
    def name(self):
        """As an identifier: Redshift makes quoted ones small too (enable_case_sensitive_identifier is off)."""
        return self.text[1:-1].replace('""', '"').lower() if self.kind == "quoted" else self.text.lower()

    @property
    def value(self):
        """Of a string: what it stands for, with its backslashes resolved."""
        inner = self.text[self.text.index("'") + 1:-1].replace("''", "'")
        return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}.get(m[1], m[1]), inner, flags=re.S)


def tokens_of(sql):
    tokens, at = [], 0
    while at < len(sql):
        if sql.startswith("/*", at):
            at = _end_of_comment(sql, at)
            continue
        match = _TOKEN.match(sql, at)
        kind = match.lastgroup if match.lastgroup != "tag" else "dollar"
        if kind == "operator" and match[0] in "'\"":
            raise BadSql("unterminated quoted string" if match[0] == "'" else "unterminated quoted identifier")
        if kind != "space":
            tokens.append(Token(kind, match[0], at))
        at = match.end()
    return tokens


def _end_of_comment(sql, at):
    depth = 0
    for match in re.finditer(r"/\*|\*/", sql[at:]):
        depth += 1 if match[0] == "/*" else -1
        if not depth:
            return at + match.end()
    raise BadSql("unterminated /* comment")


def split(sql):
    """The statements of a text, without the empty ones: (text, its tokens)."""
    statements, tokens, begin = [], [], 0
    for token in [*tokens_of(sql), Token("operator", ";", len(sql))]:
        if token.text == ";" and token.kind == "operator":
            if tokens:
                text = sql[begin:token.at]
                whole = begin == 0 and text == text.strip()
                statements.append((text, tokens) if whole else _own(text))
            tokens, begin = [], token.end
        else:
            tokens.append(token)
    return statements


def _own(text):
    text = text.strip()
    return text, tokens_of(text)


class Changes:
    """Replaces spans of a text."""

    def __init__(self, sql):
        self.sql, self._spans = sql, []

    def put(self, first, last, by):
        """In place of the tokens from `first` to `last`."""
        self._spans.append((first.at, last.end, by))

    def insert(self, at, what):
        self._spans.append((at, at, what))

    def text(self):
        parts, at = [], 0
        for begin, end, by in sorted(self._spans, key=lambda span: span[:2]):
            if begin < at:
                continue  # within something that is replaced already
            parts += [self.sql[at:begin], by]
            at = end
        return "".join(parts) + self.sql[at:]


def closing(tokens, index):
    """Of the parenthesis at `index`: the index of its partner."""
    depth = 0
    for i in range(index, len(tokens)):
        depth += (tokens[i].text == "(") - (tokens[i].text == ")")
        if depth == 0:
            return i
    raise BadSql("syntax error: a parenthesis is not closed")


def name_at(tokens, index):
    """A possibly qualified name: its parts, and the index after it."""
    parts = []
    while index < len(tokens) and tokens[index].kind in ("word", "quoted"):
        parts.append(tokens[index].name)
        index += 1
        if index + 1 < len(tokens) and tokens[index].text == ".":
            index += 1
        else:
            break
    return parts, index


def quote_name(parts):
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def quote_text(value):
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
