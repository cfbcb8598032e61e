/** URL → the JSON of its answer, or an error of one line. */
export const ANSWER_LIMIT_MS = 5_000;

/** Requests `url`. @throws Error without an answer in 5 s, or with another status than 2xx. */
export async function getJson<T>(url: string, request: RequestInit = {}): Promise<T> {
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }).catch(
    (error: Error) => {
      throw new Error(`${url}: ${(error.cause as Error | undefined)?.message ?? error.message}`);
    },
  );
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as T;
}
