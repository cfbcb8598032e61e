/**
 * What a runtime must be able to do with a service; native.ts does it with processes, containers.ts with Docker.
 */
import type { Say } from "./log.ts";
import type { Service } from "./services.ts";

export interface Runtime {
  name: "native" | "docker";
  /**
   * Makes everything that `services` need before they can start: downloads, configuration, empty file systems.
   * @throws Error naming what is missing on this machine and how to get it, before anything is changed.
   */
  prepare(services: readonly Service[], say: Say): Promise<void>;
  isRunning(service: Service): Promise<boolean>;
  /** Starts a service without waiting for it, and resolves with the command, as it could be typed. */
  start(service: Service): Promise<string>;
  /** Stops a service, if it runs, and resolves when it is gone; with false if there was nothing to stop. */
  stop(service: Service): Promise<boolean>;
  lastLogLines(service: Service): Promise<string[]>;
  /** Deletes the data of all services, which are stopped. */
  wipe(): Promise<void>;
}
