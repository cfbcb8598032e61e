"""The access of a client on the first line, then calls: each in a line of JSON, as its answer is."""
import json
import sys

from hdfs_http import HdfsError
from webhdfs import WebHdfs

hdfs = WebHdfs(json.loads(sys.stdin.readline()))
for line in sys.stdin:
    op, *args = json.loads(line)
    try:
        answer = {"value": getattr(hdfs, op)(*args)}
    except HdfsError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
