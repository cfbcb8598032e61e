/**
 * A runtime's duties for a service: native.ts fulfils them with processes, containers.ts with
 * Docker.
 */
import type { Log } from "./log.ts";
import type { Service } from "./services.ts";

export interface Runtime {
  name: "native" | "docker";
  /**
   * Makes everything that `services` need to start: downloads, configuration, empty file systems.
   * @throws Error that names the missing tool and how to get it, before anything is changed.
   */
  prepare(services: readonly Service[], log: Log): Promise<void>;
  isRunning(service: Service): Promise<boolean>;
  /**
   * Starts a service without waiting for it; resolves with the command, as a person would type it.
   */
  start(service: Service): Promise<string>;
  /** Stops a service and resolves when it is gone; with false if it did not run. */
  stop(service: Service): Promise<boolean>;
  lastLogLines(service: Service): Promise<string[]>;
  /** Deletes the data of all services, which are stopped. */
  wipe(): Promise<void>;
}
