"""Messages on stdin → the files that Spark's tasks would stage: for tests, without Spark and HDFS."""
import base64
import json
import sys

from batch import Batch
from envelope import Catalogue


class Files:
    """The part of HDFS that a batch uses."""

    def __init__(self):
        self.data = {}

    def create(self, path, data):
        self.data[path] = data


def main():
    rules = json.loads(sys.stdin.readline())
    catalogue = Catalogue(rules)
    for line in sys.stdin:
        call = json.loads(line)
        batch = Batch(catalogue, (call["topic"], 0), 0, rules)
        for offset, (timestamp, value) in enumerate(call["messages"]):
            batch.push(offset, timestamp, None if value is None else base64.b64decode(value))
        files = Files()
        facts = batch.stage(files)
        for file in facts["files"]:
            file["data"] = base64.b64encode(files.data[file["staged"]]).decode()
        print(json.dumps(facts), flush=True)


main()
