/**
 * The services of a stack, as data: what each is, where it listens, what it needs, what it must answer.
 */
import { settings } from "../settings.js";
import {
  askApi,
  askDatanode,
  askKafka,
  askMetastore,
  askNamenode,
  askStream,
  askTrino,
} from "./ready.js";

export type ServiceName = "kafka" | "namenode" | "datanode" | "metastore" | "trino" | "api" | "stream";

export interface Service {
  name: ServiceName;
  version: string;
  ports: number[]; // the first is the one that its users know
  needs: ServiceName[]; // without these it cannot answer
  given: boolean; // named by the environment: used, never started or stopped
  question: string; // what is asked, for messages
  ask: () => Promise<void>; // throws what is wrong with the answer
  limitMs: number; // for becoming ready
  graceMs: number; // for stopping by itself
}

const { ports, given } = settings;
const OWN_VERSION = "0.1.0";
const MINUTE_MS = 60_000;

/** Every service, in the order in which they are stopped from last to first. */
export const services: readonly Service[] = [
  {
    name: "kafka",
    version: "4.1.0",
    ports: [ports.kafka, ports.kafkaController],
    needs: [],
    given: given.kafka,
    question: "an admin call that names the cluster's controller",
    ask: askKafka,
    limitMs: 3 * MINUTE_MS,
    graceMs: 30_000,
  },
  {
    name: "namenode",
    version: "3.5.0",
    ports: [ports.namenode, ports.namenodeHttp],
    needs: [],
    given: given.hdfs,
    question: "a listing of the root folder by WebHDFS",
    ask: askNamenode,
    limitMs: 3 * MINUTE_MS,
    graceMs: 20_000,
  },
  {
    name: "datanode",
    version: "3.5.0",
    ports: [ports.datanodeHttp, ports.datanode, ports.datanodeIpc],
    needs: ["namenode"],
    given: given.hdfs,
    question: "a live DataNode and no safe mode, by the NameNode's account",
    ask: askDatanode,
    limitMs: 3 * MINUTE_MS,
    graceMs: 20_000,
  },
  {
    name: "metastore",
    version: "4.0.1",
    ports: [ports.metastore],
    needs: ["namenode", "datanode"],
    given: given.trino, // an existing Trino has its own
    question: "a Thrift call that lists the database `default`",
    ask: askMetastore,
    limitMs: 3 * MINUTE_MS,
    graceMs: 20_000,
  },
  {
    name: "trino",
    version: "476",
    ports: [ports.trino],
    needs: ["metastore"],
    given: given.trino,
    question: "the result of a query of the Hive catalog",
    ask: askTrino,
    limitMs: 5 * MINUTE_MS,
    graceMs: 20_000,
  },
  {
    name: "api",
    version: OWN_VERSION,
    ports: [ports.api],
    needs: ["kafka"],
    given: false,
    question: "GET /ready",
    ask: askApi,
    limitMs: MINUTE_MS,
    graceMs: 20_000,
  },
  {
    name: "stream",
    version: OWN_VERSION,
    ports: [],
    needs: ["kafka", "namenode", "datanode"],
    given: false,
    question: "a stable consumer group with a member",
    ask: askStream,
    limitMs: MINUTE_MS,
    graceMs: 60_000,
  },
];
