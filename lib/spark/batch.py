"""
A partition's messages → staged batches: a Parquet file for each table and day, in HDFS.

It runs in Spark's tasks. A batch has the limits of lib/land/batch.ts, so a task holds one batch in
memory, however many messages it reads. The driver commits the batches in the order of offsets.
"""
from decimal import Context, Decimal

import pyarrow
import pyarrow.parquet

from chain import new_writer, staged_file, target_file
from envelope import Catalogue, Misfit, whole
from values import DAY_MS, date_text
from webhdfs import WebHdfs

EXACT = Context(prec=100)
FAILED_TABLE = "failed_events"


class OtherTopic(Exception):
    """The message at a committed offset is another one now: the topic was made anew."""


def stage_partitions(job, positions):
    """
    Makes the task that stages a Spark partition's messages: rows (topic, partition, offset,
    timestamp, value) in, facts of batches out.

    positions: (topic, partition) → (next offset, timestamp of the message before it or None)
    """

    def task(rows):
        hdfs = WebHdfs(job["hdfs"])
        catalogue = Catalogue(job)
        current = None
        for topic, partition, offset, timestamp, value in rows:
            if current is None or current.key != (topic, partition):
                if current is not None:
                    yield from current.finish()
                current = _Partition(job, hdfs, catalogue, (topic, partition), positions)
            yield from current.take(offset, timestamp, value)
        if current is not None:
            yield from current.finish()

    return task


class _Partition:
    """The messages of one topic partition, in the order of offsets."""

    def __init__(self, job, hdfs, catalogue, key, positions):
        self.key = key
        self._job = job
        self._hdfs = hdfs
        self._catalogue = catalogue
        self._is_known = key in positions
        self._next, self._last_timestamp = positions.get(key, (0, None))
        self._batch = None

    def take(self, offset, timestamp, value):
        if not self._is_known:
            return  # the topic got a partition: the driver opens its chain first
        if offset < self._next:
            self._check(offset, timestamp)
            return
        if self._batch is None:
            self._batch = Batch(self._catalogue, self.key, self._next, self._job)
        self._batch.push(offset, timestamp, None if value is None else bytes(value))
        if self._batch.is_full:
            yield from self.finish()

    def finish(self):
        if not self._is_known:
            yield {"unknown": list(self.key)}
        if self._batch is not None:
            facts = self._batch.stage(self._hdfs)
            self._next = facts["last"] + 1
            self._last_timestamp = None
            self._batch = None
            yield facts

    def _check(self, offset, timestamp):
        if offset != self._next - 1 or self._last_timestamp in (None, timestamp):
            return
        topic, partition = self.key
        raise OtherTopic(
            f"topic {topic}, partition {partition}: the landed message at offset {offset} had the "
            f"time {self._last_timestamp} ms, the topic's message has {timestamp} ms. The topic was "
            "deleted and made anew after its events were landed"
        )


class Batch:
    """A batch being filled with messages in the order of their offsets."""

    def __init__(self, catalogue, key, first, job):
        self._catalogue = catalogue
        self._topic, self._partition = key
        self._job = job
        self._first = first
        self._expected = first
        self._missing = []
        self._files = {}  # (day, table) → rows
        self._rows = self._bytes = self._failed = 0
        self._last_timestamp = None
        self._is_refused = self._topic == job["failed_topic"]

    @property
    def is_full(self):
        limits = self._job["limits"]
        return (
            self._rows >= limits["max_rows"]
            or self._bytes >= limits["max_bytes"]
            or len(self._files) >= limits["max_files"]
        )

    def push(self, offset, timestamp, value):
        """Adds one message: a row of its event's table, or of failed_events with the reason."""
        table, row = self._read(offset, timestamp, value)
        day = row[1] // DAY_MS
        self._files.setdefault((day, table), []).append(row)
        if offset > self._expected:
            self._missing.append({"from": self._expected, "to": offset})
        self._expected = offset + 1
        self._rows += 1
        self._bytes += 0 if value is None else len(value)
        self._last_timestamp = timestamp

    def _read(self, offset, timestamp, value):
        texts = self._catalogue.texts
        raw = None if value is None else value.decode("utf-8", "replace")
        if not 0 <= timestamp <= texts["max_timestamp"]:
            reason = f"Kafka's timestamp: expected a time from 1970 to 9999, got {timestamp}"
            return self._fail(offset, 0, raw, reason)
        if value is None:
            return self._fail(offset, timestamp, raw, "the message: expected JSON, got no value")
        try:
            text = value.decode("utf-8")
            if self._is_refused:
                reason, raw = self._catalogue.read_refused(text)
                return self._fail(offset, timestamp, raw, reason)
            table, row = self._catalogue.read_event(text, timestamp, self._partition, offset)
            blocked = self._catalogue.blocked.get(table)
            if blocked is None:
                return table, row
            return self._fail(offset, timestamp, raw, texts["waiting"] + blocked)
        except UnicodeDecodeError:
            return self._fail(offset, timestamp, raw, texts["not_utf8"])
        except Misfit as misfit:
            return self._fail(offset, timestamp, raw, str(misfit))

    def _fail(self, offset, timestamp, raw, reason):
        self._failed += 1
        row = [raw, timestamp, whole(reason), self._topic, self._partition, offset]
        return FAILED_TABLE, row

    def stage(self, hdfs):
        """Writes the files, and returns the facts of the batch for its commit record."""
        root = self._job["hdfs_root"]
        writer = new_writer(self._topic, self._partition, self._first)
        files = []
        for (day, table), rows in self._files.items():
            data = parquet(self._job["columns"][table], rows)
            name = date_text(day)
            staged = staged_file(root, writer, table, name)
            hdfs.create(staged, data)
            files.append(
                {
                    "table": table,
                    "day": name,
                    "staged": staged,
                    "target": target_file(
                        root, table, name, self._topic, self._partition, self._first
                    ),
                    "rows": len(rows),
                    "bytes": len(data),
                }
            )
        return {
            "topic": self._topic,
            "partition": self._partition,
            "first": self._first,
            "last": self._expected - 1,
            "last_timestamp": self._last_timestamp,
            "missing": self._missing,
            "writer": writer,
            "failed": self._failed,
            "files": files,
        }


def parquet(columns, rows):
    """The bytes of a Parquet file with the rows, in the form that the stream in TypeScript writes."""
    arrays = [_array(column, values) for column, values in zip(columns, zip(*rows))]
    fields = [
        pyarrow.field(column["name"], array.type, nullable=not column["required"])
        for column, array in zip(columns, arrays)
    ]
    table = pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields))
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(
        table,
        sink,
        compression="snappy",
        data_page_version="1.0",
        store_decimal_as_integer=True,
        store_schema=False,
        write_statistics=[c["name"] for c in columns if c["kind"] not in ("text", "json")],
    )
    return sink.getvalue().to_pybytes()


PLAIN = {
    "text": pyarrow.string(),
    "json": pyarrow.string(),
    "boolean": pyarrow.bool_(),
    "integer": pyarrow.int32(),
    "bigint": pyarrow.int64(),
    "offset": pyarrow.int64(),
    "double": pyarrow.float64(),
}


def _array(column, values):
    kind = column["kind"]
    if kind in PLAIN:
        return pyarrow.array(values, PLAIN[kind])
    if kind == "timestamp":
        return pyarrow.array(values, pyarrow.int64()).cast(pyarrow.timestamp("ms", tz="UTC"))
    if kind == "date":
        return pyarrow.array(values, pyarrow.int32()).cast(pyarrow.date32())
    scale = column["scale"]
    exact = [None if v is None else Decimal(v).scaleb(-scale, EXACT) for v in values]
    return pyarrow.array(exact, pyarrow.decimal128(column["precision"], scale))
