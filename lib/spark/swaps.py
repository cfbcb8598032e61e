"""
A writer's files of a batch → the folders that readers read for the files' days.

The protocol and its reasons are told in lib/day-folders.ts and lib/swaps.ts; this is their second
form.
"""
import json
import re
import time
import uuid
from datetime import datetime

from hdfs_http import HdfsError

RECORD_NAME = re.compile(r"[0-9]{20}\.json")
MARK_NAME = re.compile(r"([0-9]{20})\.(done|cleared)")
FRESH_S = 2.5  # from a look at the swaps to the end of a move; as in lib/day-folders.ts
OPEN_S = 25 * 3_600  # from a day's begin; later files go to the day's own folder
MAX_KNOWN = 1_000  # days of tables in memory


class DayFolders:
    """The folders of days, as one writer knows them."""

    def __init__(self, hdfs, root):
        self._hdfs = hdfs
        self._root = root
        self._known = {}  # (table, day) → what `_learn` returns

    def folder_of(self, table, day):
        """The folder for new files of a day. Costs at most one request, if no swap is new."""
        if time.time() - datetime.fromisoformat(f"{day}T00:00+00:00").timestamp() > OPEN_S:
            return day_folder(self._root, table, day)
        return self._look(table, day)["folder"]

    def move(self, file, at):
        """Moves a file into its folder, so that readers see it. Can be repeated, by any process."""
        table, day, target = file["table"], file["day"], file["target"]
        known = self._look(table, day)
        _copy_ahead(self._hdfs, self._root, known, file["staged"], target.rpartition("/")[2])
        _rename(self._hdfs, file["staged"], target)
        at("file_moved")
        looked_at = time.monotonic()
        is_in_newest = target.rpartition("/")[0] == known["folder"]
        if is_in_newest and not self._has_next(table, day, known, looked_at):
            return
        self._learn(table, day, _copy_to_newest(self._hdfs, self._root, table, day), looked_at)

    def _look(self, table, day):
        known = self._known.get((table, day))
        looked_at = time.monotonic()
        if known is not None:
            is_fresh = looked_at - known["looked_at"] < FRESH_S
            if is_fresh or not self._has_next(table, day, known, looked_at):
                return known
        swaps = _read_swaps(self._hdfs, swaps_folder(self._root, table, day))
        return self._learn(table, day, swaps, looked_at)

    def _has_next(self, table, day, known, looked_at):
        """Whether a swap was recorded after the newest one that was done."""
        folder = swaps_folder(self._root, table, day)
        if self._hdfs.exists(f"{folder}/{known['number'] + 1:020d}.json"):
            return True
        known["looked_at"] = looked_at
        return False

    def _learn(self, table, day, swaps, looked_at):
        records, marks = swaps
        done = max(marks["done"], default=0)
        followed = [record for record in records if record["number"] <= done]
        known = {
            "number": followed[-1]["number"] if followed else 0,
            "folder": followed[-1]["folder"] if followed else day_folder(self._root, table, day),
            "records": records,
            "looked_at": looked_at,
        }
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[table, day] = known
        return known


def day_folder(root, table, day):
    return f"{root}/tables/{table}/day={day}"


def swaps_folder(root, table, day):
    return f"{root}/compactions/{day}/{table}"


def _rename(hdfs, staged, target):
    if hdfs.rename(staged, target) or hdfs.exists(target):
        return  # now, or by an earlier attempt
    hdfs.make_folder(target.rpartition("/")[0])  # the first file of its day
    if hdfs.rename(staged, target):
        return
    # Neither source nor target exists: the file was moved, and deleted by a swap or rebuild.
    if hdfs.exists(target) or not hdfs.exists(staged):
        return
    raise HdfsError("RENAME", staged, f"answered false, and nothing is at {target}")


def _copy_ahead(hdfs, root, known, staged, name):
    """Copies a file that is not in its table yet into the folders of swaps that are not done."""
    records = known["records"]
    if any(file["name"] == name for record in records for file in record["files"]):
        return
    for record in reversed(records):
        if record["number"] > known["number"]:
            _copy_file(hdfs, root, staged, record["folder"], name)


def _copy_to_newest(hdfs, root, table, day):
    """Copies late files until no newer swap has come meanwhile. Returns the day's swaps."""
    seen = 0
    while True:
        records, marks = _read_swaps(hdfs, swaps_folder(root, table, day))
        newest = records[-1]["number"] if records else 0
        if newest == seen:
            return records, marks
        _copy_late(hdfs, root, day_folder(root, table, day), records, marks["cleared"])
        seen = newest


def _read_swaps(hdfs, folder):
    """The records of a day's swaps, and the numbers of those that have each mark."""
    names = _names_in(hdfs, folder)
    texts = [hdfs.read(f"{folder}/{name}") for name in names if RECORD_NAME.fullmatch(name)]
    marks = {"done": set(), "cleared": set()}
    for match in filter(None, map(MARK_NAME.fullmatch, names)):
        marks[match.group(2)].add(int(match.group(1)))
    return [json.loads(text) for text in texts if text is not None], marks


def _copy_late(hdfs, root, own, records, cleared):
    """Copies late files into the newest folder, and into older ones that readers may still read."""
    for end in range(len(records), 0, -1):
        if end < len(records) and records[end]["number"] in cleared:
            return  # this folder is deleted
        folder = records[end - 1]["folder"]
        for name, path in _late_files(hdfs, own, records[:end]).items():
            _copy_file(hdfs, root, path, folder, name)


def _late_files(hdfs, own, records):
    """Name → path of files in an older folder that no swap replaced, and no copy has replaced."""
    current = records[-1]["folder"]
    known = {file["name"] for record in records for file in record["files"]}
    known.update(_names_in(hdfs, current))
    older = dict.fromkeys([own, *(record["from"] for record in records)])
    return {
        name: f"{folder}/{name}"
        for folder in older
        if folder != current
        for name in _names_in(hdfs, folder)
        if name.endswith(".parquet") and name not in known
    }


def _copy_file(hdfs, root, path, folder, name):
    """Copies under a temporary name first, so that no reader sees a part of the file."""
    data = hdfs.read(path)
    if data is None:
        return  # deleted meanwhile: another process has copied it
    staged = f"{root}/staging/swap-{uuid.uuid4()}"
    hdfs.create(staged, data)
    hdfs.make_folder(folder)
    if hdfs.rename(staged, f"{folder}/{name}"):
        return
    hdfs.remove(staged)
    if not hdfs.exists(f"{folder}/{name}"):
        target = f"{folder}/{name}"
        raise HdfsError("RENAME", staged, f"answered false, and nothing is at {target}")


def _names_in(hdfs, folder):
    """All names in a folder, which HDFS lists page by page."""
    names, more = hdfs.list(folder)
    found = list(names)
    while more > 0 and names:
        names, more = hdfs.list(folder, names[-1])
        found.extend(names)
    return found
