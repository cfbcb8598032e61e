/** URL → the JSON that it answers within 5 s, or the fault in one line. */
export const ANSWER_LIMIT_MS = 5_000;

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
