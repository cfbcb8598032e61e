"""
Files that were just moved into their days' own folders → visible, if a day was swapped.

The protocol and its reasons are told in lib/swaps.ts; this is the second form of `followSwaps`.
"""
import json
import re
import uuid

from hdfs_http import HdfsError

RECORD_NAME = re.compile(r"[0-9]{20}\.json")
CLEARED_NAME = re.compile(r"([0-9]{20})\.cleared")


def follow_swaps(hdfs, root, files):
    """Costs one request for each day without a swap."""
    for day in sorted({file["day"] for file in files}):
        if not hdfs.exists(f"{root}/compactions/{day}"):
            continue
        for table in sorted({file["table"] for file in files if file["day"] == day}):
            _copy_to_newest(hdfs, root, table, day)


def _copy_to_newest(hdfs, root, table, day):
    """Copies late files until no newer swap has come meanwhile."""
    seen = 0
    while True:
        records, cleared = _read_swaps(hdfs, f"{root}/compactions/{day}/{table}")
        newest = records[-1]["number"] if records else 0
        if newest == seen:
            return
        _copy_late(hdfs, root, f"{root}/tables/{table}/day={day}", records, cleared)
        seen = newest


def _read_swaps(hdfs, folder):
    """The records of a day's swaps, and the numbers of those whose replaced files are deleted."""
    names = _names_in(hdfs, folder)
    texts = [hdfs.read(f"{folder}/{name}") for name in names if RECORD_NAME.fullmatch(name)]
    cleared = [CLEARED_NAME.fullmatch(name) for name in names]
    return (
        [json.loads(text) for text in texts if text is not None],
        {int(match.group(1)) for match in cleared if match},
    )


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
