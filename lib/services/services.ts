/**
 * The services of a stack as data: name, ports, needs, limits, and the question that shows that a
 * service is ready.
 */
import { settings } from "../settings.ts";
import {
  askApiVersion,
  askDatanodeVersion,
  askKafkaVersion,
  askMetastoreVersion,
  askNamenodeVersion,
  askStreamVersion,
  askTrinoVersion,
} from "./versions.ts";
import {
  askApi,
  askDatanode,
  askKafka,
  askMetastore,
  askMetastoreByTrino,
  askNamenode,
  askStream,
  askTrino,
} from "./ready.ts";

/** The servers of other projects. */
export const serverNames = ["kafka", "namenode", "datanode", "metastore", "trino"] as const;
/** Our own processes. */
export const ownNames = ["api", "stream"] as const;

export type ServiceName = (typeof serverNames)[number] | (typeof ownNames)[number];

export interface Service {
  name: ServiceName;
  version: string; // the pinned version
  ports: number[]; // the first is for clients
  needs: ServiceName[]; // the services without which it cannot answer
  patient: boolean; // it may start before its needs are ready, and waits for them by itself
  given: boolean; // the environment names it: this project uses it, but never starts or stops it
  question: string; // `ask` in words, for messages
  ask: () => Promise<void>; // throws the fault of the answer
  askVersion: () => Promise<string>; // throws without an answer
  limitMs: number; // the most that it may take to become ready
  graceMs: number; // the most that it may take to stop; writing its classes takes up to 15 s
  memoryMb: number; // the most resident memory: heap and everything else
}

const { given } = settings;
const ports = {
  ...settings.ports,
  ...(given.kafka && { kafka: portOf(`http://${settings.kafkaBrokers[0]}`) }),
  ...(given.hdfs && { namenodeHttp: portOf(settings.webhdfsUrl) }),
  ...(given.trino && { trino: portOf(settings.trinoUrl) }),
};
const MINUTE_MS = 60_000;

/** Every service, each after its needs. */
export const services: readonly Service[] = [
  {
    name: "kafka",
    version: "4.1.0",
    ports: [ports.kafka, ports.kafkaController],
    needs: [],
    patient: true,
    given: given.kafka,
    question: "an admin call that names the cluster's controller",
    ask: askKafka,
    askVersion: askKafkaVersion,
    limitMs: 3 * MINUTE_MS,
    graceMs: MINUTE_MS,
    memoryMb: 400,
  },
  {
    name: "namenode",
    version: "3.5.0",
    ports: given.hdfs ? [ports.namenodeHttp] : [ports.namenode, ports.namenodeHttp],
    needs: [],
    patient: true,
    given: given.hdfs,
    question: "a listing of the root folder by WebHDFS",
    ask: askNamenode,
    askVersion: askNamenodeVersion,
    limitMs: 3 * MINUTE_MS,
    graceMs: MINUTE_MS,
    memoryMb: 260,
  },
  {
    name: "datanode",
    version: "3.5.0",
    ports: given.hdfs ? [] : [ports.datanodeHttp, ports.datanode, ports.datanodeIpc], // HDFS knows them
    needs: ["namenode"],
    patient: false, // it pauses for 5 s if the NameNode is still starting
    given: given.hdfs,
    question: "a live DataNode, and its NameNode without safe mode",
    ask: askDatanode,
    askVersion: askDatanodeVersion,
    limitMs: 3 * MINUTE_MS,
    graceMs: MINUTE_MS,
    memoryMb: 260,
  },
  {
    name: "metastore",
    version: "4.0.1",
    ports: settings.metastore ? [settings.metastore.port] : [], // else only a given Trino knows it
    needs: ["namenode", "datanode"],
    patient: true,
    given: given.trino, // a given Trino has its own metastore
    question: !settings.metastore
      ? "the schemas of the Hive catalog, through Trino"
      : "a Thrift call that lists the database `default`",
    ask: settings.metastore ? askMetastore : askMetastoreByTrino,
    askVersion: askMetastoreVersion,
    limitMs: 3 * MINUTE_MS,
    graceMs: MINUTE_MS,
    memoryMb: 380,
  },
  {
    name: "trino",
    version: "476",
    ports: [ports.trino],
    needs: ["metastore"],
    patient: true,
    given: given.trino,
    question: "the results of a query on a worker and of a query on the Hive catalog",
    ask: askTrino,
    askVersion: askTrinoVersion,
    limitMs: 5 * MINUTE_MS,
    graceMs: MINUTE_MS,
    memoryMb: 1100,
  },
  {
    name: "api",
    version: settings.version,
    ports: [ports.api],
    needs: ["kafka"],
    patient: false,
    given: false,
    question: "GET /ready",
    ask: askApi,
    askVersion: askApiVersion,
    limitMs: MINUTE_MS,
    graceMs: MINUTE_MS,
    memoryMb: 120,
  },
  {
    name: "stream",
    version: settings.version,
    ports: [ports.stream],
    needs: ["kafka", "namenode", "datanode"],
    patient: false,
    given: false,
    question: "GET /ready",
    ask: askStream,
    askVersion: askStreamVersion,
    limitMs: MINUTE_MS,
    graceMs: MINUTE_MS,
    memoryMb: 300,
  },
];

/** The named services and all that they need, each service after its needs. */
export function withNeeds(names: readonly ServiceName[]): Service[] {
  const wanted = new Set<ServiceName>(names);
  for (const { name, needs } of services.toReversed()) {
    if (wanted.has(name)) for (const need of needs) wanted.add(need);
  }
  return services.filter(({ name }) => wanted.has(name));
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}
