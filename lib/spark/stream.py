"""
A job's description on stdin → topics landed in HDFS by Spark, until stdin says "stop" or ends.

Spark reads both topics from the ends of their commit chains, in micro-batches. Its tasks read the
messages and stage the files (batch.py); this driver commits them (chain.py). Spark's checkpoint
counts for nothing: each query begins with a new one, as HDFS knows the positions. After a failure,
or when another writer took a position, the driver opens the chains again and starts a new query.

Lines of JSON on stdout tell the parent what happened. When the parent dies, stdin ends, and so does
this process, with the JVM.
"""
import json
import os
import queue
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from batch import stage_partitions
from chain import Chain, PositionTaken
from hdfs_http import HdfsError
from webhdfs import WebHdfs

OTHER_TOPIC = "made anew after its events were landed"
MAX_DELAY_S = 5
GATEWAY_LIMIT_S = 120
COMMITS = 8  # partitions that are committed at the same time
LAG_EVERY_S = 2
DRAIN_S = 20
MODULES = ("values", "envelope", "hdfs_http", "webhdfs", "swaps", "chain", "batch")
OF_TASKS = "events columns blocked limits texts failed_topic hdfs_root hdfs".split()
OWN_ERRORS = ("hdfs_http.", "webhdfs.", "chain.", "batch.", "org.apache.kafka.common.errors")
JVM_OPTIONS = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")  # of other programs
OPENED = (
    "java.base/java.lang java.base/java.lang.invoke java.base/java.lang.reflect java.base/java.io "
    "java.base/java.net java.base/java.nio java.base/java.util java.base/java.util.concurrent "
    "java.base/java.util.concurrent.atomic java.base/jdk.internal.ref java.base/sun.nio.ch "
    "java.base/sun.nio.cs java.base/sun.security.action java.base/sun.util.calendar"
).split()

_told = threading.Lock()


def tell(event, **facts):
    with _told:
        print(json.dumps({"event": event, **facts}), flush=True)


class OtherTopicError(Exception):
    """The topic was deleted and made anew after its events were landed."""


def start_gateway(job):
    """Starts the JVM without Spark's launcher, which asks for a module that not every Java has."""
    info = os.path.join(job["folder"], f"gateway-{uuid.uuid4()}")
    jars = [os.path.join(job["packages"], "pyspark", "jars", "*"), *job["jars"]]
    command = [
        job["java"],
        "-cp",
        os.pathsep.join(jars),
        f"-Xmx{job['driver_memory']}",
        "-XX:+UseSerialGC",
        "-Dio.netty.tryReflectionSetAccessible=true",
        f"-Djava.io.tmpdir={job['folder']}",
        f"-Dlog4j2.configurationFile={job['log_configuration']}",
        *(f"--add-opens={one}=ALL-UNNAMED" for one in OPENED),
        "org.apache.spark.deploy.SparkSubmit",
        "--master",
        job["master"],
        *(part for name, value in job["conf"].items() for part in ("--conf", f"{name}={value}")),
        "pyspark-shell",
    ]
    env = {
        **{name: value for name, value in os.environ.items() if name not in JVM_OPTIONS},
        "_PYSPARK_DRIVER_CONN_INFO_PATH": info,
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": job["packages"],
        "SPARK_HOME": os.path.join(job["packages"], "pyspark"),
        "LC_ALL": "C.UTF-8",
    }
    with open(job["log_file"], "ab") as log:
        jvm = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=env)
    limit = time.monotonic() + GATEWAY_LIMIT_S
    while not os.path.exists(info):
        if jvm.poll() is not None or time.monotonic() > limit:
            raise RuntimeError("its Java has not started")
        time.sleep(0.05)
    with open(info, "rb") as file:
        port, length = struct.unpack(">ii", file.read(8))
        secret = file.read(length).decode()
    os.remove(info)
    os.environ.update(
        PYSPARK_GATEWAY_PORT=str(port),
        PYSPARK_GATEWAY_SECRET=secret,
        PYSPARK_PYTHON=sys.executable,
        SPARK_HOME=env["SPARK_HOME"],
    )
    return jvm


class Job:
    """One driver: its session, its chains, and one query after another."""

    def __init__(self, job):
        self._job = job
        self._rules = {name: job[name] for name in OF_TASKS}
        self._topics = [job["topic"], job["failed_topic"]]
        self._hdfs = WebHdfs(job["hdfs"])
        self._chains = {}  # (topic, partition) → Chain
        self._commands = queue.Queue()
        self._stopping = threading.Event()
        self._landing = threading.Lock()  # held while a micro-batch is landed
        self._kill_left = job["kill_nth"]
        threading.Thread(target=self._read_commands, daemon=True).start()
        self._jvm = start_gateway(job)
        from pyspark.sql import SparkSession  # on the path since start

        self._spark = SparkSession.builder.getOrCreate()
        for name in MODULES:
            self._spark.sparkContext.addPyFile(os.path.join(job["code"], f"{name}.py"))
        self._kafka = Kafka(self._spark, job["kafka"])

    def run(self):
        """Runs queries until a stop; each failure is told once, and the next query follows."""
        failures = 0
        while not self._stopping.is_set():
            folder = tempfile.mkdtemp(prefix="checkpoint-", dir=self._job["folder"])
            committed = self._committed_count()
            try:
                self._open_chains()
                self._run_query(folder)
            except Exception as error:
                text = _first_cause(error)
                if OTHER_TOPIC in text:
                    raise OtherTopicError(text) from None
                if self._stopping.is_set():
                    break
                failures = 0 if self._committed_count() > committed else failures + 1
                tell("failed", message=text)
                self._stopping.wait(min(MAX_DELAY_S, 0.2 * 2**failures))
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        with self._landing:
            self._spark.stop()

    def _committed_count(self):
        return sum(chain.next for chain in self._chains.values())

    def _open_chains(self):
        ends = self._kafka.ends(self._topics)
        for (topic, partition), (_, high) in ends.items():
            chain = Chain(self._hdfs, self._job["hdfs_root"], topic, partition, self._at)
            if chain.next > high:
                raise OtherTopicError(
                    f"topic {topic}, partition {partition}: events up to offset {chain.next - 1} are "
                    f"landed, but the topic ends before offset {high}. The topic was deleted and "
                    f"{OTHER_TOPIC}"
                )
            self._chains[topic, partition] = chain
        self._tell_ends("ready", ends)

    def _tell_ends(self, event, ends):
        tell(
            event,
            partitions=[
                {"topic": t, "partition": p, "next": self._next(t, p, low), "high": high}
                for (t, p), (low, high) in ends.items()
            ],
        )

    def _next(self, topic, partition, low):
        chain = self._chains.get((topic, partition))
        return low if chain is None else chain.next

    def _run_query(self, folder):
        """Reads from the chains' ends: from the last landed message, which tells the topic."""
        starts = {topic: {} for topic in self._topics}
        ends = self._kafka.ends(self._topics)
        for (topic, partition), chain in self._chains.items():
            low, _ = ends[topic, partition]
            starts[topic][str(partition)] = max(low, chain.next - 1, 0)
        query = (
            self._spark.readStream.format("kafka")
            .options(**{f"kafka.{name}": value for name, value in self._job["kafka"].items()})
            .option("subscribe", ",".join(self._topics))
            .option("startingOffsets", json.dumps({t: s for t, s in starts.items() if s}))
            .option("failOnDataLoss", "false")
            .option("maxOffsetsPerTrigger", self._job["max_offsets"])
            .load()
            .selectExpr("topic", "partition", "offset", "unix_millis(timestamp)", "value")
            .writeStream.foreachBatch(self._land)
            .option("checkpointLocation", f"file://{folder}")
            .trigger(processingTime=self._job["trigger"])
            .start()
        )
        looked = time.monotonic()
        try:
            while not self._stopping.is_set():
                if query.awaitTermination(0.25):
                    return
                if time.monotonic() - looked > LAG_EVERY_S:
                    self._tell_ends("lag", self._kafka.ends(self._topics))
                    looked = time.monotonic()
        finally:
            held = self._landing.acquire(timeout=DRAIN_S)
            query.stop()
            if held:
                self._landing.release()

    def _land(self, rows, _):
        """Lands one micro-batch."""
        with self._landing:
            if self._stopping.is_set():
                return
            positions = {}
            for key, chain in self._chains.items():
                timestamp = None if chain.last is None else chain.last["last_timestamp"]
                positions[key] = (chain.next, timestamp)
            task = stage_partitions(self._rules, positions)
            batches = {}
            for facts in rows.rdd.mapPartitions(task).collect():
                if "unknown" in facts:
                    raise PositionTaken(f"a new partition: {facts['unknown']}")
                batches.setdefault((facts["topic"], facts["partition"]), []).append(facts)
            with ThreadPoolExecutor(COMMITS) as lanes:
                for done in [lanes.submit(self._commit, *item) for item in batches.items()]:
                    done.result()

    def _commit(self, key, batches):
        for facts in sorted(batches, key=lambda one: one["first"]):
            deleted = []
            if facts["missing"]:
                low, _ = self._kafka.ends([key[0]])[key]
                deleted = [
                    {"from": gap["from"], "to": min(low, gap["to"])}
                    for gap in facts["missing"]
                    if low > gap["from"]
                ]
            record = self._chains[key].commit(facts, deleted)
            tell("commit", record=record, failed=facts["failed"])

    def _at(self, point):
        """A drill ends everything at a step of a commit, as after a power failure."""
        if point != self._job["kill_at"]:
            return
        self._kill_left -= 1
        if self._kill_left == 0:
            for pid in (self._jvm.pid, os.getppid(), os.getpid()):
                os.kill(pid, signal.SIGKILL)

    def _read_commands(self):
        for line in sys.stdin:
            if line.strip() == "stop":
                self._stopping.set()
        if not self._stopping.is_set():
            os._exit(1)  # the parent died; the JVM ends with its own stdin
        self._stopping.set()


class Kafka:
    """The ends of partitions, by the JVM's own client."""

    def __init__(self, spark, options):
        jvm = spark.sparkContext._jvm
        properties = jvm.java.util.Properties()
        for name, value in options.items():
            properties.put(name, value)
        form = "org.apache.kafka.common.serialization.ByteArrayDeserializer"
        properties.put("key.deserializer", form)
        properties.put("value.deserializer", form)
        properties.put("metadata.max.age.ms", "2000")
        self._jvm = jvm
        self._consumer = jvm.org.apache.kafka.clients.consumer.KafkaConsumer(properties)
        self._lock = threading.Lock()

    def ends(self, topics):
        """(topic, partition) → (its lowest offset, the offset after its last message)"""
        with self._lock:
            partitions = self._jvm.java.util.ArrayList()
            for topic in topics:
                for info in self._consumer.partitionsFor(topic) or []:
                    partitions.add(
                        self._jvm.org.apache.kafka.common.TopicPartition(topic, info.partition())
                    )
            low = self._consumer.beginningOffsets(partitions)
            high = self._consumer.endOffsets(partitions)
            return {(one.topic(), one.partition()): (low[one], high[one]) for one in partitions}


def _first_cause(error):
    """A failure of Spark in one line: the Python error inside, or the first line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    own = [line for line in lines if line.startswith(OWN_ERRORS)]
    if own:
        return own[-1]
    others = [line for line in lines if not line.startswith("An error occurred while calling")]
    return (others or [type(error).__name__])[0]


def main():
    job = json.loads(sys.stdin.readline())
    try:
        Job(job).run()
    except OtherTopicError as error:
        tell("fatal", message=str(error))
        os._exit(3)
    except Exception as error:
        log = f"the log of its Java: {job['log_file']}"
        tell("fatal", message=f"Spark on {job['master']} does not start: {_first_cause(error)}; {log}")
        os._exit(3)
    tell("ended")
    os._exit(0)


if __name__ == "__main__":
    main()
