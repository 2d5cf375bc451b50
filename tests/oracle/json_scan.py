# SPDX-License-Identifier: Apache-2.0
"""A JSON reader (RFC 8259) that keeps what Python's json module throws away: the text of every value as it came.

read(text) gives a Value, or raises Unreadable; faults_of(line) then says which faults of the whole line apply.
"""
import re

DEEPEST = 256

_INSIDE = r'[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*'
_STRING = re.compile('"(' + _INSIDE + ')"')
_NUMBER = re.compile(r'-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?')
# A key with a scalar, and the ',' or '}' behind it: what most of an event is.
_SCALAR_FIELD = re.compile(r'"(%s)"[ \t\n\r]*:[ \t\n\r]*((?:"(%s)")|%s|true|false|null)[ \t\n\r]*([,}])[ \t\n\r]*'
                           % (_INSIDE, _INSIDE, _NUMBER.pattern))
_BLANKS = re.compile(r'[ \t\n\r]*')
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(.))')
_SHORT = {'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
_PAIR = re.compile('[\ud800-\udbff][\udc00-\udfff]')
_SURROGATE = re.compile('[\ud800-\udfff]')


class Unreadable(Exception):
    pass


class Value:
    """kind: string, number, bool, null, object or array. text: the JSON as it came. string: unescaped, of a string. key_text: of what
    stands in an object, what is between the quotes of its key."""
    __slots__ = ('kind', 'text', 'string', 'fields', 'has_lone_surrogate', 'key_text')

    def __init__(self, kind, text, string=None, fields=None, has_lone_surrogate=False):
        self.kind, self.text, self.string, self.fields = kind, text, string, fields
        self.has_lone_surrogate = has_lone_surrogate  # this string, or a string or key inside


def unescape(raw):
    """The characters of a JSON string's inside. Lone surrogates stay as such."""
    if '\\' not in raw:
        return raw
    text = _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _SHORT[m[2]], raw)
    return _PAIR.sub(lambda m: chr(0x10000 + ((ord(m[0][0]) - 0xd800) << 10) + ord(m[0][1]) - 0xdc00), text)


def has_lone_surrogate(text):
    return not text.isascii() and _SURROGATE.search(text) is not None


def _skip(text, at):
    return _BLANKS.match(text, at).end()


def _read_string(text, at):
    found = _STRING.match(text, at)
    if not found:
        raise Unreadable
    return unescape(found[1]), found.end()


def _read_value(text, at, depth):
    first = text[at:at + 1]
    if first == '"':
        string, end = _read_string(text, at)
        return Value('string', text[at:end], string, None, has_lone_surrogate(string)), end
    if first == '{':
        return _read_object(text, at, depth + 1)
    if first == '[':
        return _read_array(text, at, depth + 1)
    for word, kind in (('true', 'bool'), ('false', 'bool'), ('null', 'null')):
        if text.startswith(word, at):
            return Value(kind, word), at + len(word)
    found = _NUMBER.match(text, at)
    if not found:
        raise Unreadable
    return Value('number', found[0]), found.end()


_KINDS = {'t': 'bool', 'f': 'bool', 'n': 'null'}


def _scalar(raw, inside):
    if inside is None:
        return Value(_KINDS.get(raw[0], 'number'), raw)
    string = unescape(inside)
    return Value('string', raw, string, None, has_lone_surrogate(string))


def _put(fields, key, key_text, value):
    """The last of equal keys wins, and stands where it stood."""
    value.key_text = key_text
    fields.pop(key, None)
    fields[key] = value


def _read_object(text, begin, depth):
    if depth > DEEPEST:
        raise Unreadable
    fields, lone = {}, False
    at = _skip(text, begin + 1)
    if text[at:at + 1] != '}':
        while True:
            found = _SCALAR_FIELD.match(text, at)
            if found:
                raw_key, raw, string, mark = found.groups()
                key = unescape(raw_key)
                value = _scalar(raw, string)
                _put(fields, key, raw_key, value)
                lone |= value.has_lone_surrogate or has_lone_surrogate(key)
                at = found.end()
                if mark == ',':
                    continue
                at = found.end(4) - 1
                break
            begin_key = at
            key, at = _read_string(text, at)
            key_text = text[begin_key + 1:at - 1]
            at = _skip(text, at)
            if text[at:at + 1] != ':':
                raise Unreadable
            value, at = _read_value(text, _skip(text, at + 1), depth)
            _put(fields, key, key_text, value)
            lone |= value.has_lone_surrogate or has_lone_surrogate(key)
            at = _skip(text, at)
            if text[at:at + 1] != ',':
                break
            at = _skip(text, at + 1)
    if text[at:at + 1] != '}':
        raise Unreadable
    return Value('object', text[begin:at + 1], None, fields, lone), at + 1


def _read_array(text, begin, depth):
    if depth > DEEPEST:
        raise Unreadable
    lone = False
    at = _skip(text, begin + 1)
    if text[at:at + 1] != ']':
        while True:
            value, at = _read_value(text, at, depth)
            lone |= value.has_lone_surrogate
            at = _skip(text, at)
            if text[at:at + 1] != ',':
                break
            at = _skip(text, at + 1)
    if text[at:at + 1] != ']':
        raise Unreadable
    return Value('array', text[begin:at + 1], None, None, lone), at + 1


def read(text):
    """The one value of `text`, blanks around it allowed."""
    value, at = _read_value(text, _skip(text, 0), 0)
    if _skip(text, at) != len(text):
        raise Unreadable
    return value


# For a line that cannot be read: which of its faults there are. Several can be; the document names no order.

_LOOSE_STRING = re.compile(r'"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"', re.DOTALL)
_TOKEN = re.compile(r'[ \t\n\r]*(?:([{}\[\],:])|(%s)|(%s|true|false|null))'
                    % (_LOOSE_STRING.pattern, _NUMBER.pattern), re.DOTALL)


_STRUCTURE = re.compile(r'"((?:[^"\\]|\\.)*)("|\\?$)|([{\[])|([}\]])', re.DOTALL)
_CONTROL = re.compile('[\x00-\x1f]')


def _shape(text):
    """Strings as far as quotes and backslashes tell: (control character in one, deepest bracket level)."""
    control = False
    level = deepest = 0
    for found in _STRUCTURE.finditer(text):
        if found[3]:
            level += 1
            deepest = max(deepest, level)
        elif found[4]:
            level -= 1
        elif _CONTROL.search(found[1]):
            control = True
    return control, deepest


def _is_json(text):
    """Grammar alone: any depth, control characters in strings allowed. Gives the first token, or None."""
    stack, at, first, want = [], 0, None, 'value'
    while True:
        found = _TOKEN.match(text, at)
        if not found:
            at = _skip(text, at)
            return first if want == 'end' and at == len(text) else None
        at = found.end()
        mark, string, other = found.groups()
        first = first or mark or 'scalar'
        if want == 'end':
            return None
        if mark in ('{', '[') and want in ('value', 'first item'):
            stack.append(mark)
            want = 'first key' if mark == '{' else 'first item'
            continue
        if want in ('key', 'first key') and string:
            want = ':'
            continue
        if want == ':' and mark == ':':
            want = 'value'
            continue
        if want == 'next' and mark == ',':
            want = 'key' if stack[-1] == '{' else 'value'
            continue
        closes = mark in ('}', ']') and stack and stack[-1] == ('{' if mark == '}' else '[') and \
            want in ('next', 'first key' if mark == '}' else 'first item')
        scalar = (string or other) and want in ('value', 'first item')
        if not closes and not scalar:
            return None
        if closes:
            stack.pop()
        want = 'next' if stack else 'end'


def faults_of(line):
    """The reasons that apply to a line (bytes) that read() refuses, or that is no object."""
    reasons = []
    try:
        text = line.decode('utf-8')
    except UnicodeDecodeError:
        reasons.append('invalid_utf8')
        text = line.decode('latin-1')
    control, deepest = _shape(text)
    if control:
        reasons.append('control_character')
    if deepest > DEEPEST:
        reasons.append('too_deep')
    first = _is_json(text)
    if first is None:
        reasons.append('not_json')
    elif first != '{':
        reasons.append('not_an_object')
    return tuple(reasons)
