"""
A partition's batches → files in HDFS, each exactly once: the commit chain of lib/land/commits.ts.

Both engines write the same records under the same names, so each can go on where the other one
stopped. The protocol and its reasons are told in lib/land/commits.ts; this is its second form.
"""
import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

from hdfs_http import HdfsError
from swaps import DayFolders, day_folder

MAX_OFFSET = 2**53 - 1
MAX_PARALLEL = 8  # requests of one commit
RECORD_NAME = re.compile(r"([0-9]{20})\.json")
WRITER_NAME = re.compile(r"(.+)-([0-9]+)-([0-9]{20})-[0-9a-f-]{36}")


class PositionTaken(Exception):
    """Another writer committed at this offset: this one no longer owns the partition."""


def start_name(topic, partition, first):
    return f"{topic}-{partition}-{first:020d}"


def new_writer(topic, partition, first):
    """The name of one attempt to commit a batch."""
    return f"{start_name(topic, partition, first)}-{uuid.uuid4()}"


def attempt_folder(root, writer):
    return f"{root}/staging/{writer}"


def staged_file(root, writer, table, day):
    return f"{attempt_folder(root, writer)}/{table}-{day}.parquet"


def target_file(root, table, day, topic, partition, first):
    return f"{day_folder(root, table, day)}/{start_name(topic, partition, first)}.parquet"


class Chain:
    """The end of a partition's chain, as one writer sees it. One commit at a time."""

    def __init__(self, hdfs, root, topic, partition, at=lambda point: None):
        """Opens the chain: finishes the moves of its last commit, deletes dead staged batches."""
        self._hdfs = hdfs
        self._root = root
        self._topic = topic
        self._partition = partition
        self._folder = f"{root}/commits/{topic}/{partition}"
        self._at = at
        self._folders = DayFolders(hdfs, root)
        self._is_swept = False  # the leftovers of failed attempts are deleted
        hdfs.make_folder(self._folder)
        self.last = self._find_last()
        if self.last is not None and hdfs.exists(attempt_folder(root, self.last["writer"])):
            self._move_files(self.last)
        self._remove_dead_staging(self.next)

    @property
    def next(self):
        """The offset at which the next commit begins."""
        return 0 if self.last is None else self.last["last"] + 1

    def commit(self, batch, deleted=()):
        """
        Commits a batch whose files are staged, and makes them visible. Raises PositionTaken when
        another writer committed at this offset, and HdfsError when HDFS is away: open the chain
        again after both.
        """
        if batch["first"] != self.next or batch["last"] < self.next:
            got = f"[{batch['first']}, {batch['last']}]"
            raise ValueError(f"commit: expected offsets from {self.next} on, got {got}")
        writer = batch["writer"]
        lost = {"deleted": list(deleted)} if deleted else {}
        record = {
            "writer": writer,
            "topic": self._topic,
            "partition": self._partition,
            "first": batch["first"],
            "last": batch["last"],
            "last_timestamp": batch["last_timestamp"],
            **lost,
            "committed_at": datetime.now(timezone.utc).isoformat(timespec="milliseconds")[:23] + "Z",
            "files": list(map(self._aimed, batch["files"])),
        }
        self._at("files_staged")
        text = json.dumps(record, separators=(",", ":")).encode()
        self._hdfs.create(f"{attempt_folder(self._root, writer)}/commit.json", text)
        self._at("record_staged")
        self._claim(record)
        self._at("record_renamed")
        self._move_files(record)
        if not self._is_swept:
            self._remove_dead_staging(record["last"] + 1)
        self._is_swept = True
        self.last = record
        return record

    def _claim(self, record):
        """
        The test-and-set: renames the staged record to the name of the next commit. Any outcome but
        True decides nothing; the record under that name does.
        """
        staged = f"{attempt_folder(self._root, record['writer'])}/commit.json"
        target = self._record_path(record["first"])
        where = f"{self._topic} partition {self._partition}: the commit at offset {record['first']}"
        try:
            if self._hdfs.rename(staged, target):
                return
            failure = HdfsError("RENAME", staged, f"answered false, and nothing is at {target}")
        except HdfsError as error:
            failure = error
        found = self._read(target)
        if found is None and not self._hdfs.exists(staged):
            # Either the RENAME arrived after the first look, or another writer deleted the batch.
            found = self._read(target)
            if found is None:
                raise PositionTaken(f"{where} does not exist, and the staged batch was deleted")
        if found is None:
            raise failure
        if found["writer"] == record["writer"]:
            return
        self._hdfs.remove(attempt_folder(self._root, record["writer"]))
        raise PositionTaken(f"{where} is committed by {found['writer']}")

    def _move_files(self, record):
        with ThreadPoolExecutor(MAX_PARALLEL) as lanes:
            list(lanes.map(self._move_file, record["files"]))
        self._hdfs.remove(attempt_folder(self._root, record["writer"]))
        self._at("staging_removed")

    def _move_file(self, file):
        self._folders.move(file, self._at)

    def _aimed(self, file):
        """The file with the folder that readers read now for its target."""
        folder = self._folders.folder_of(file["table"], file["day"])
        return {**file, "target": f"{folder}/{file['target'].rpartition('/')[2]}"}

    def _find_last(self):
        """The newest record, or None: page by page, or by halves in a long chain."""
        low, high, after = -1, MAX_OFFSET, -1
        while low < high:
            names, more = self._hdfs.list(self._folder, "" if after < 0 else f"{after:020d}.json")
            found = [RECORD_NAME.fullmatch(name) for name in names]
            offsets = [int(match.group(1)) for match in found if match]
            if offsets:
                low = offsets[-1]
                if more == 0:
                    break
            else:
                high = after
            after = low + (high - low) // 2
        return None if low < 0 else self._read(self._record_path(low))

    def _remove_dead_staging(self, next_offset):
        """Deletes this partition's staged batches that begin before the chain's end."""
        prefix = f"{self._topic}-{self._partition}-"
        after = prefix
        while True:
            names, more = self._hdfs.list(f"{self._root}/staging", after)
            for name in names:
                match = WRITER_NAME.fullmatch(name)
                if match is None:
                    continue
                topic, partition, first = match.groups()
                is_ours = topic == self._topic and int(partition) == self._partition
                if is_ours and int(first) < next_offset:
                    self._hdfs.remove(attempt_folder(self._root, name))
            after = names[-1] if names else ""
            if more == 0 or not after.startswith(prefix):
                return

    def _record_path(self, first):
        return f"{self._folder}/{first:020d}.json"

    def _read(self, path):
        data = self._hdfs.read(path)
        return None if data is None else json.loads(data)
