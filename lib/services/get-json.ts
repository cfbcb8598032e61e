/** URL → the JSON of its answer, or an error of one line. */
export const ANSWER_LIMIT_MS = 5_000;
const MAX_GIST = 100; // characters

/** Requests `url`. @throws Error without an answer in 5 s, or with another status than 2xx. */
export async function getJson<T>(url: string, request: RequestInit = {}): Promise<T> {
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }).catch(
    (error: Error) => {
      throw new Error(`${url}: ${(error.cause as Error | undefined)?.message ?? error.message}`);
    },
  );
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${gist(text)}`);
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new Error(`${url}: expected JSON, got ${gist(text)}`, { cause: error });
  }
}

/** An answer in one short line: a page's title, the message of HDFS, or the first characters. */
function gist(text: string): string {
  const title = /<title>([^<]*)<\/title>/i.exec(text)?.[1];
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  const line = (title ?? message ?? text).replace(/\s+/g, " ").trim();
  return line.length > MAX_GIST ? `${line.slice(0, MAX_GIST)}…` : line;
}
