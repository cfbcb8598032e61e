/** Words of `up` and `down` → the services that they name. */
import { UsageError } from "../command.ts";
import { ownNames, serverNames, type ServiceName } from "./services.ts";

const groups: Record<string, readonly ServiceName[]> = {
  services: serverNames,
  hdfs: ["namenode", "datanode"],
  ...Object.fromEntries([...serverNames, ...ownNames].map((name) => [name, [name]])),
};

/** The names of single services, and of `hdfs`, for a usage. */
export const serviceWords = Object.keys(groups)
  .filter((word) => word !== "services")
  .join(", ");

export interface Choice {
  names: ServiceName[]; // all services, if the words are empty
  all: boolean; // whether the words are empty
}

/**
 * Chooses the services that `words` name (`services`: all servers; `hdfs`: both of its nodes).
 * @throws UsageError if a word names no service
 */
export function chooseServices(words: readonly string[]): Choice {
  const unknown = words.find((name) => !Object.hasOwn(groups, name));
  if (unknown !== undefined)
    throw new UsageError(`expected names of services (${Object.keys(groups).join(", ")}), got "${unknown}"`);
  const all = words.length === 0;
  const names = all ? [...serverNames, ...ownNames] : words.flatMap((name) => groups[name] ?? []);
  return { names, all };
}
