/**
 * API or stream → whether it runs this folder's lib/game.ts.
 *
 * A process reads lib/game.ts once, at its start, and says on /ready which version it runs.
 * This module loads lib/game.ts only after such an answer: `npm run down` works with a wrong list.
 */
import { settings } from "../settings.ts";
import { ANSWER_LIMIT_MS } from "./get-json.ts";
import { ownNames, type Service } from "./services.ts";

/** The difference of a process with another list of events; null: the same list, or no answer. */
export async function otherCatalogue(service: Service): Promise<string | null> {
  const answer = await askReady(service);
  if (answer === null) return null;
  const { loadedCatalogue } = await import("../events.ts");
  const { catalogue = "of an earlier version" } = answer;
  if (catalogue === loadedCatalogue) return null;
  return `runs another lib/game.ts (${catalogue}) than this folder's (${loadedCatalogue})`;
}

/** Whether an API or stream of Questlog listens on the service's port. */
export async function isOurs(service: Service): Promise<boolean> {
  return (await askReady(service)) !== null;
}

/** The answer of our own process to /ready, with status 200 or 503; null: no such answer. */
async function askReady({ name, ports }: Service): Promise<{ catalogue?: string } | null> {
  if (!ownNames.some((own) => own === name)) return null;
  const { hostname } = new URL(name === "api" ? settings.apiUrl : settings.streamUrl);
  try {
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const response = await fetch(`http://${hostname}:${ports[0]}/ready`, { signal });
    const answer = (await response.json()) as { ready?: boolean; catalogue?: string };
    return typeof answer.ready === "boolean" ? answer : null;
  } catch {
    return null; // nobody listens, or another program does
  }
}
