"""
Writers of commit chains, each in a thread, whose HDFS is in the parent process: for tests.

A line on stdin starts a writer, answers one of its requests, or ends it. A line on stdout is a
request of a writer, or its end.
"""
import base64
import itertools
import json
import queue
import sys
import threading

from chain import Chain, PositionTaken, new_writer, staged_file, target_file
from hdfs_http import HdfsError

_told = threading.Lock()


def tell(**facts):
    with _told:
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()


class Killed(BaseException):
    """The parent ended this writer."""


class ParentHdfs:
    """HDFS as webhdfs.py has it; each call is a request to the parent."""

    def __init__(self, writer):
        self._writer = writer
        self._numbers = itertools.count()
        self._answers = {}
        self.is_killed = False

    def answer(self, call):
        self._answers[call["number"]].put(call)

    def kill(self):
        self.is_killed = True
        for waiting in list(self._answers.values()):
            waiting.put({"killed": True})

    def _ask(self, op, *args):
        number = next(self._numbers)
        answers = self._answers[number] = queue.Queue()
        if self.is_killed:
            raise Killed
        tell(writer=self._writer, number=number, op=op, args=args)
        answer = answers.get()
        del self._answers[number]
        if answer.get("killed"):
            raise Killed
        if "error" in answer:
            raise HdfsError(op, args[0], answer["error"])
        return answer["value"]

    def create(self, path, data):
        self._ask("create", path, base64.b64encode(data).decode())

    def read(self, path):
        data = self._ask("read", path)
        return None if data is None else base64.b64decode(data)

    def rename(self, source, target):
        return self._ask("rename", source, target)

    def make_folder(self, path):
        self._ask("makeFolder", path)

    def remove(self, path):
        self._ask("remove", path)

    def exists(self, path):
        return self._ask("status", path)

    def list(self, path, after=""):
        return tuple(self._ask("list", path, after))


def write(hdfs, root, topic, partition, end, day, numbers):
    """Lands offsets up to `end`, in batches of any size, as Spark's driver does."""
    while True:
        try:
            chain = Chain(hdfs, root, topic, partition)
            while chain.next < end:
                size, seed = next(numbers), next(numbers)
                last = min(end - 1, chain.next + size % 5)
                commit(hdfs, chain, root, topic, partition, last, day, seed)
            return
        except (PositionTaken, HdfsError):
            pass  # a new query follows


def commit(hdfs, chain, root, topic, partition, last, day, seed):
    first = chain.next
    writer = new_writer(topic, partition, first)
    files = []
    for table in (0, 1):
        own = [offset for offset in range(first, last + 1) if offset * (seed % 7) % 2 == table]
        if not own:
            continue
        name = f"t{table}"
        staged = staged_file(root, writer, name, day)
        target = target_file(root, name, day, topic, partition, first)
        data = json.dumps(own).encode()
        hdfs.create(staged, data)
        facts = {"table": name, "day": day, "staged": staged, "target": target}
        files.append({**facts, "rows": len(own), "bytes": len(data)})
    batch = {"first": first, "last": last, "last_timestamp": None, "writer": writer, "files": files}
    chain.commit(batch)


def run(writer, hdfs, start):
    try:
        write(hdfs, *start["target"], itertools.cycle(start["numbers"]))
        tell(writer=writer, ended=True)
    except Killed:
        tell(writer=writer, ended=True)
    except BaseException as error:
        tell(writer=writer, ended=True, error=f"{type(error).__name__}: {error}")


def main():
    writers = {}
    for line in sys.stdin:
        call = json.loads(line)
        writer = call["writer"]
        if "target" in call:
            hdfs = writers[writer] = ParentHdfs(writer)
            threading.Thread(target=run, args=(writer, hdfs, call), daemon=True).start()
        elif call.get("kill"):
            writers.pop(writer).kill()
        elif writer in writers:
            writers[writer].answer(call)


main()
