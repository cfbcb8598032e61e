/**
 * A project of Compose → its containers, as the engine knows them by Compose's labels.
 */
import { docker } from "../services/docker.ts";

/** The parts of `docker inspect` that tests read. */
export interface Inspected {
  Config: { User: string; Labels: Record<string, string> };
  HostConfig: {
    ReadonlyRootfs: boolean;
    CapDrop: string[];
    SecurityOpt: string[];
    Memory: number;
    PortBindings: Record<string, { HostIp: string }[]>;
  };
  State: { Status: string; ExitCode: number; Health?: { Status: string } };
  RestartCount: number;
}

export class ComposeProject {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** The containers, by the names of their services. */
  async inspectAll(): Promise<Map<string, Inspected>> {
    const ids = await this.#list(["ps", "--all"]);
    const found = JSON.parse(await docker(["inspect", ...ids])) as Inspected[];
    return new Map(found.map((one) => [one.Config.Labels["com.docker.compose.service"] ?? "", one]));
  }

  async inspect(service: string): Promise<Inspected> {
    return (JSON.parse(await docker(["inspect", await this.idOf(service)])) as [Inspected])[0];
  }

  /** The id of a service's container. */
  async idOf(service: string): Promise<string> {
    const ids = await this.#list(["ps", "--all", "--filter", `label=com.docker.compose.service=${service}`]);
    if (ids.length !== 1) throw new Error(`${service}: expected one container, got ${ids.length}`);
    return ids[0]!;
  }

  /** Ends the processes of `program` in a container with SIGKILL, as a crash would. */
  async crash(service: string, program: string): Promise<void> {
    const script = `for exe in /proc/[0-9]*/exe; do
      case $(readlink "$exe") in */${program}) kill -9 "$(basename "\${exe%/exe}")" ;; esac
    done`;
    const kill = ["exec", await this.idOf(service), "bash", "-c", script];
    await docker(kill).catch(() => {}); // the container's end also ends this command
  }

  /** The ids of all containers, volumes and networks. */
  async parts(): Promise<string[]> {
    const lists = [
      ["ps", "--all"],
      ["volume", "ls"],
      ["network", "ls"],
    ];
    return (await Promise.all(lists.map((words) => this.#list(words)))).flat();
  }

  async #list(words: readonly string[]): Promise<string[]> {
    const filter = ["--filter", `label=com.docker.compose.project=${this.#name}`];
    const lines = await docker([...words, "--quiet", ...filter]);
    return lines.split("\n").filter((line) => line !== "");
  }
}
