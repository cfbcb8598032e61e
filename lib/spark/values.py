"""
The text of a parameter → its exact value, or None: the rules of lib/parameters.ts and lib/exact.ts.

JavaScript counts UTF-16 units where Python counts characters. So lengths in messages and limits
are counted in UTF-16 units here. Regular expressions match ASCII digits only, and a whole text.
"""
import datetime
import json
import math
import re

NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,6}))?")
SHORT_INTEGER = re.compile(r"-?[0-9]{1,10}")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"(?:[Zz]|([+-])([0-9]{2}):?([0-9]{2}))"
)
UTC_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z"
)
HALF_PAIR = re.compile("[\ud800-\udfff]")
TWO_UNITS = re.compile("[\U00010000-\U0010ffff]")
OBJECT_OR_LIST = re.compile(r"[ \t\r\n]*[\[{]")
JSON_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.S)
BLANKS = re.compile(r"[ \t\r\n]*")
JSON_TOKEN = re.compile(
    r'[ \t\n\r]*(?:([{}\[\],:])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")'
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null))"
)

MAX_DIGITS = 100
DAY_MS = 86_400_000
EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
FIRST_MS = (1 - EPOCH_DAY) * DAY_MS
LAST_MS = (datetime.date(9999, 12, 31).toordinal() - EPOCH_DAY) * DAY_MS + DAY_MS - 1
MAX_LEVELS = 100
MAX_NAME_CHARS = 20_000


class NotJson(Exception):
    """The text is not JSON."""


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")


# Every number of JSON is a double, as in JavaScript.
_decode = json.JSONDecoder(parse_int=float, parse_float=float, parse_constant=_no_constant).decode


def parse_json(text):
    """Reads JSON; None for valid JSON that is nested too deep for Python. Raises NotJson."""
    try:
        return _decode(text)
    except RecursionError:
        if not is_valid_json(text):
            raise NotJson from None
        return None
    except ValueError:
        raise NotJson from None


def is_valid_json(text):
    """Whether a text is JSON, at any depth of nesting."""
    stack = []
    expects = "value"  # value, first (value or ]), name, first_name (name or }), colon, more, end
    at = 0
    while True:
        token = JSON_TOKEN.match(text, at)
        if token is None:
            return expects == "end" and BLANKS.fullmatch(text, at) is not None
        at = token.end()
        mark, string, scalar = token.groups()
        if mark in ("{", "[") and expects in ("value", "first"):
            stack.append(mark)
            expects = "first_name" if mark == "{" else "first"
        elif (string or scalar) and expects in ("value", "first"):
            expects = "more" if stack else "end"
        elif string and expects in ("name", "first_name"):
            expects = "colon"
        elif mark == ":" and expects == "colon":
            expects = "value"
        elif mark == "," and expects == "more":
            expects = "name" if stack[-1] == "{" else "value"
        elif mark == "}" and expects in ("more", "first_name") and stack[-1] == "{":
            stack.pop()
            expects = "more" if stack else "end"
        elif mark == "]" and expects in ("more", "first") and stack[-1] == "[":
            stack.pop()
            expects = "more" if stack else "end"
        else:
            return False


def is_readable_json(text):
    """Whether Trino's JSON functions can read a JSON text: lib/json-limits.ts."""
    openings = text.count("[") + text.count("{")
    if openings <= MAX_LEVELS and utf16_length(text) <= MAX_NAME_CHARS:
        return True
    units = TWO_UNITS.sub("xx", text)
    levels = 0
    for token in JSON_STRING_OR_BRACKET.finditer(units):
        first = units[token.start()]
        if first == '"':
            end = token.end() - 1
            if end - token.start() > MAX_NAME_CHARS:
                following = BLANKS.match(units, token.end()).end()
                if units[following : following + 1] == ":":
                    return False
        elif first in "[{":
            levels += 1
            if levels > MAX_LEVELS:
                return False
        else:
            levels -= 1
    return True


def utf16_length(text):
    """The length of a text in JavaScript."""
    if text.isascii():
        return len(text)
    return len(text) + len(TWO_UNITS.findall(text))


def is_well_formed(text):
    """Whether a text has whole characters only, without half a surrogate pair."""
    return text.isascii() or HALF_PAIR.search(text) is None


def scaled(text, scale):
    """A number times 10^scale, if that is an integer: scaled("1.5", 2) is 150."""
    match = NUMBER.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction, exponent = match.groups()
    fraction = fraction or ""
    digits = (whole + fraction).lstrip("0")
    if digits == "":
        return 0
    shift = scale + int(exponent or "0") - len(fraction)
    kept = digits[: max(0, len(digits) + shift)] if shift < 0 else digits
    if len(kept) + max(0, shift) > MAX_DIGITS:
        return None
    if shift < 0 and digits[len(kept) :].strip("0") != "":
        return None
    value = int((kept or "0") + "0" * max(0, shift))
    return -value if sign == "-" else value


def double(text):
    """A finite number of 64 bits; a decimal fraction becomes the nearest one."""
    if NUMBER.fullmatch(text) is None:
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def date(text):
    """Days since 1970-01-01 of a date YYYY-MM-DD from the year 1 to 9999."""
    if DATE.fullmatch(text) is None:
        return None
    try:
        return datetime.date(int(text[:4]), int(text[5:7]), int(text[8:])).toordinal() - EPOCH_DAY
    except ValueError:
        return None


def date_text(days):
    """The date of a number of days since 1970-01-01."""
    return datetime.date.fromordinal(days + EPOCH_DAY).isoformat()


def timestamp(text):
    """Milliseconds since 1970 of an ISO 8601 time with Z or an offset, or of such a number."""
    match = TIME.fullmatch(text)
    time = scaled(text, 0) if match is None else _iso_time(match.groups())
    return time if time is not None and FIRST_MS <= time <= LAST_MS else None


def _iso_time(parts):
    day, hour, minute, second, fraction, sign, offset_hour, offset_minute = parts
    days = date(day)
    if days is None:
        return None
    h, m, s, oh, om = (int(x or "0") for x in (hour, minute, second, offset_hour, offset_minute))
    if h > 23 or m > 59 or s > 59 or oh > 23 or om > 59:
        return None
    offset = (-1 if sign == "-" else 1) * (oh * 60 + om) * 60_000
    ms = int((fraction or "")[:3].ljust(3, "0"))
    return days * DAY_MS + ((h * 60 + m) * 60 + s) * 1000 + ms - offset


_days = {}  # "2026-01-31" → its first millisecond; None: no such day


def utc_time(text):
    """Milliseconds since 1970 of a time in the form 2026-01-31T12:00:00.000Z."""
    match = UTC_TIME.fullmatch(text)
    if match is None:
        return None
    day, hour, minute, second, ms = match.groups()
    start = _days.get(day, _days)
    if start is _days:
        days = date(day)
        start = None if days is None else days * DAY_MS
        if len(_days) == 1000:
            _days.clear()
        _days[day] = start
    h, m, s = int(hour), int(minute), int(second)
    if start is None or h > 23 or m > 59 or s > 59:
        return None
    return start + ((h * 60 + m) * 60 + s) * 1000 + int(ms)


def parse_value(parameter, text):
    """Reads a text as the parameter's value; None: it does not fit the type or the limits."""
    value = _read_type(parameter, text)
    if value is None:
        return None
    low, high, length, choices = (parameter[k] for k in ("min", "max", "max_length", "one_of"))
    if low is not None and value < low or high is not None and value > high:
        return None
    if length is not None and len(text) > length:
        return None
    return None if choices is not None and value not in choices else value


def _read_type(parameter, text):
    kind = parameter["kind"]
    if kind == "text":
        return text
    if kind == "integer":
        value = int(text) if SHORT_INTEGER.fullmatch(text) else scaled(text, 0)
        return value if value is not None and -(2**31) <= value < 2**31 else None
    if kind == "bigint":
        value = scaled(text, 0)
        return value if value is not None and -(2**63) <= value < 2**63 else None
    if kind == "double":
        return double(text)
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower()) if text.isascii() else None
    if kind == "timestamp":
        return timestamp(text)
    if kind == "date":
        return date(text)
    if kind == "json":
        return text if _is_object_or_list(text) else None
    value = scaled(text, parameter["scale"])
    limit = 10 ** parameter["precision"]
    return value if value is not None and -limit < value < limit else None


def _is_object_or_list(text):
    if OBJECT_OR_LIST.match(text) is None:
        return False
    try:
        parse_json(text)
    except NotJson:
        return False
    return is_readable_json(text)
