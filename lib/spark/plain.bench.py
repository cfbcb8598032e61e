"""
A topic → Parquet in HDFS, as a plain Spark job would do it: for comparison with both engines.

The whole topic is one run of the trigger `availableNow`. Spark's own functions read the JSON and
write the files: no Python touches a message. The job checks no value, keeps no refused message, and
its files become visible one by one: it has no commit chain. It prints a line when the session is
there, and ends when all is written.
"""
import json
import os
import sys

from stream import start_gateway

TYPES = {"text": "string", "integer": "int", "boolean": "boolean", "offset": "bigint", "timestamp": "timestamp"}
ENVELOPE = """event_type string, remote_addr string, event_id string, player string, session string,
 received_at timestamp, occurred_at timestamp, definition string, params map<string, string>,
 headers map<string, string>"""
OF_KAFKA = {
    "raw_event": "raw_event",
    "timestamp": "kafka_time",
    "kafka_partition": "partition",
    "kafka_offset": "offset",
    "accept": "e.headers['Accept']",
    "host": "e.headers['Host']",
    "user_agent": "e.headers['User-Agent']",
}


def main():
    job = json.loads(sys.stdin.readline())
    start_gateway(job)
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import from_json

    spark = SparkSession.builder.getOrCreate()
    print("stream: ready", flush=True)
    messages = (
        spark.readStream.format("kafka")
        .options(**{f"kafka.{name}": value for name, value in job["kafka"].items()})
        .option("subscribe", job["topic"])
        .option("startingOffsets", "earliest")
        .load()
        .selectExpr(
            "CAST(value AS string) AS raw_event", "timestamp AS kafka_time", "partition", "offset"
        )
    )
    parameters = {one["name"] for one in job["parameters"]}
    columns = []
    for column in job["columns"]:
        name = column["name"]
        source = f"e.params['{name}']" if name in parameters else OF_KAFKA.get(name, f"e.{name}")
        columns.append(f"CAST({source} AS {TYPES[column['kind']]}) AS {name}")
    rows = messages.withColumn("e", from_json("raw_event", ENVELOPE)).selectExpr(
        *columns, "CAST(kafka_time AS date) AS day"
    )
    query = (
        rows.writeStream.foreachBatch(lambda batch, _: write(batch, job))
        .option("checkpointLocation", f"file://{job['folder']}/checkpoint")
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    os._exit(0)  # the session's threads need no end of their own


def write(batch, job):
    batch.write.partitionBy("day").mode("append").parquet(job["target"])


main()
