/**
 * The interface of a runtime: native.ts implements it with processes, containers.ts with Docker.
 */
import type { Log } from "./log.ts";
import type { Service } from "./services.ts";

export interface Runtime {
  name: "native" | "docker";
  words: "as processes" | "in containers"; // how its servers run
  /**
   * Prepares the start of `services`: downloads, configuration, empty file systems.
   * @throws Error, before any change, that names the missing tool and how to get it.
   */
  prepare(services: readonly Service[], log: Log): Promise<void>;
  isRunning(service: Service): Promise<boolean>;
  /** How often the runtime itself has started the service again, after its last start. */
  restarts(service: Service): Promise<number>;
  /**
   * Starts a service without waiting for it; resolves with the command that a person would type.
   */
  start(service: Service): Promise<string>;
  /** Starts a server with more arguments than usual. The next start() has the usual ones. */
  startWith(service: Service, args: readonly string[]): Promise<void>;
  /** Stops a service; resolves after its end with true, or with false if it did not run. */
  stop(service: Service): Promise<boolean>;
  /** Ends a service without a warning. It stays away. @throws Error if it does not run */
  kill(service: Service): Promise<void>;
  /** Freezes a service: it holds its connections and answers nothing until `resume`. */
  pause(service: Service): Promise<void>;
  resume(service: Service): Promise<void>;
  /** Cuts a server off from its network until `connect`. Processes share the machine's network. */
  disconnect?(service: Service): Promise<void>;
  connect?(service: Service): Promise<void>;
  /** The text of a file of a running service's data, e.g. "kafka/meta.properties". */
  readData(service: Service, path: string): Promise<string>;
  lastLogLines(service: Service): Promise<string[]>;
  /** Deletes the data of all services; they must be stopped. */
  wipe(): Promise<void>;
}
