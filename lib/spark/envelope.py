"""
The text of a Kafka message → the values of a row, or a Misfit with the reason in people's words:
the rules of lib/envelope.ts, lib/misfit.ts and lib/refused.ts, for the catalogue of a job.

The stream in TypeScript and this module give the same values and the same reasons;
envelope.property.test.ts compares both.
"""
import json
import re

from values import (
    HALF_PAIR,
    NotJson,
    is_readable_json,
    is_well_formed,
    parse_json,
    parse_value,
    utc_time,
    utf16_length,
)

MISSING = object()  # undefined in JavaScript
MAX_SHOWN = 100
SHARED_ID = re.compile(
    r"(?:0{8}-0{4}-0{4}-0{4}-0{12}|f{8}-f{4}-f{4}-f{4}-f{12})", re.ASCII | re.IGNORECASE
)
ARRAY_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")


class Misfit(Exception):
    """A value is not as expected."""

    def __init__(self, field, expected, got):
        value = shortened(got) if isinstance(got, str) else got
        super().__init__(f"{shortened(field)}: expected {expected}, got {_in_json(value)}")


class Catalogue:
    """The events, tables and texts of a job's description, which lib/spark/job.ts makes."""

    def __init__(self, job):
        self.texts = job["texts"]
        self.events = {event["type"]: _prepared(event) for event in job["events"]}
        self.blocked = job["blocked"]
        self.types = ", ".join(self.events)

    def read_event(self, text, timestamp, partition, offset):
        """The table and values of an event. Raises Misfit."""
        envelope = self._object("the message", self._json(text))
        kind = envelope.get("event_type", MISSING)
        definition = self._text_or_null(envelope, "definition")
        event = self.events.get(kind) if isinstance(kind, str) else None
        if event is None:
            misfit = Misfit("event_type", f"one of {self.types}", kind)
            raise misfit if definition is None else self._waiting(misfit)
        params = self._object("params", envelope.get("params", MISSING))
        headers = self._object("headers", envelope.get("headers", MISSING))
        values = [
            text,
            timestamp,
            self._header(headers, "Accept"),
            self._header(headers, "Host"),
            self._header(headers, "User-Agent"),
            kind,
        ]
        misfits = []
        for parameter in event["parameters"]:
            values.append(self._parameter(params, parameter, misfits))
        if misfits:
            misfit = misfits[0]
            misfit.args = ("; ".join(str(one) for one in misfits),)
            is_other = definition is not None and definition != event["version"]
            raise self._waiting(misfit) if is_other else misfit
        values += (
            self._text(envelope, "remote_addr"),
            self._id(envelope),
            self._text_or_null(envelope, "player"),
            self._text_or_null(envelope, "session"),
            _time("received_at", envelope.get("received_at", MISSING)),
            _time_or_null(envelope, "occurred_at"),
            definition,
            partition,
            offset,
        )
        return event["table"], values

    def read_refused(self, text):
        """The reason and text of a refused event. Raises Misfit."""
        record = self._object("the message", self._json(text))
        return self._text(record, "reason"), self._text(record, "raw")

    def _json(self, text):
        try:
            value = parse_json(text)
        except NotJson:
            raise Misfit("the message", "JSON", text) from None
        if not is_readable_json(text):
            raise Misfit("the message", f"JSON ({self.texts['json_limits']})", text)
        return value

    def _waiting(self, misfit):
        misfit.args = (self.texts["waiting"] + str(misfit),)
        return misfit

    def _object(self, field, value):
        if type(value) is dict:
            return value
        raise Misfit(field, "a JSON object", value)

    def _text(self, fields, name):
        return self._checked(name, fields.get(name, MISSING))

    def _text_or_null(self, fields, name):
        value = fields.get(name)
        return None if value is None else self._checked(name, value)

    def _header(self, headers, name):
        value = headers.get(name)
        return None if value is None else self._checked(f"headers.{name}", value)

    def _checked(self, field, value):
        if not isinstance(value, str):
            raise Misfit(field, "text", value)
        if not is_well_formed(value):
            raise Misfit(field, self.texts["whole_text"], value)
        return value

    def _id(self, envelope):
        text = self._text(envelope, "event_id")
        if SHARED_ID.fullmatch(text):
            raise Misfit("event_id", "an id of this event alone", text)
        return text

    def _parameter(self, params, parameter, misfits):
        name = parameter["name"]
        sent = params.get(name)
        for earlier in parameter["was"]:
            if sent is None:
                sent = params.get(earlier)
        if sent is None:
            if parameter["required"]:
                misfits.append(Misfit(f"params.{name}", parameter["expected"], MISSING))
            return None
        is_text = isinstance(sent, str)
        is_whole = is_text and is_well_formed(sent)
        value = parse_value(parameter, sent) if is_whole else None
        if value is not None:
            return value
        form = parameter["expected"] if is_whole else None
        form = form or (self.texts["whole_text"] if is_text else "text, as sent")
        misfits.append(Misfit(f"params.{name}", form, sent))
        return None


def _prepared(event):
    """Numbers without a limit come as text."""
    for parameter in event["parameters"]:
        if parameter["kind"] in ("bigint", "decimal"):
            for name in ("min", "max"):
                if parameter[name] is not None:
                    parameter[name] = int(parameter[name])
            if parameter["one_of"] is not None:
                parameter["one_of"] = [int(value) for value in parameter["one_of"]]
        if parameter["one_of"] is not None:
            parameter["one_of"] = frozenset(parameter["one_of"])
    return event


def _time_or_null(envelope, name):
    value = envelope.get(name)
    return None if value is None else _time(name, value)


def _time(name, value):
    time = utc_time(value) if isinstance(value, str) else None
    if time is None:
        raise Misfit(name, "a time like 2026-01-31T12:00:00.000Z", value)
    return time


def shortened(text):
    """The text, or the beginning of a long one with its length: lib/untrusted.ts."""
    length = utf16_length(text)
    if length <= MAX_SHOWN:
        return text
    start = text.encode("utf-16-le", "surrogatepass")[: 2 * MAX_SHOWN]
    return f"{start.decode('utf-16-le', 'surrogatepass')}… ({length} characters)"


def whole(text):
    """A text as UTF-8 can store it: half a pair becomes U+FFFD."""
    return text if text.isascii() else HALF_PAIR.sub("\ufffd", text)


def _in_json(value):
    if value is MISSING:
        return "nothing"
    return _stringify(value) if isinstance(value, str) else shortened(_stringify(value))


def _stringify(value):
    """JSON.stringify of a value that JSON.parse made."""
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return HALF_PAIR.sub(lambda one: f"\\u{ord(one.group()):04x}", text)
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, list):
        return "[" + ",".join(_stringify(one) for one in value) + "]"
    fields = (f"{_stringify(name)}:{_stringify(value[name])}" for name in _names_in_order(value))
    return "{" + ",".join(fields) + "}"


def _names_in_order(fields):
    """JavaScript's order: indexes of lists first, ascending."""
    indexes = [x for x in fields if ARRAY_INDEX.fullmatch(x) and int(x) < 2**32 - 1]
    known = set(indexes)
    return sorted(indexes, key=int) + [name for name in fields if name not in known]


def _number_text(value):
    """The text of a double in JavaScript; null: not finite."""
    if value != value or value in (float("inf"), float("-inf")):
        return "null"
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole_part, _, fraction = mantissa.partition(".")
    point = len(whole_part) + int(exponent or "0")
    digits = whole_part + fraction
    leading = len(digits) - len(digits.lstrip("0"))
    digits = digits.strip("0") if leading else digits.rstrip("0")
    point -= leading
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if point > 0 else '-'}{abs(point - 1)}"
