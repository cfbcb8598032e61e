/** URL → the JSON of its answer, or an error of one line. */
import { once } from "node:events";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { text as readText } from "node:stream/consumers";
import { answerText } from "../answer-text.ts";
import { connectionFault } from "../connection-fault.ts";

export const ANSWER_LIMIT_MS = 5_000;

export interface JsonRequest {
  method?: "GET" | "POST" | "DELETE";
  headers?: Record<string, string>;
  body?: string;
  ca?: string | undefined; // PEM; undefined: the CAs that Node trusts
}

/** Requests `url`. @throws Error without an answer in 5 s, or with another status than 2xx. */
export async function getJson<T>(url: string, request: JsonRequest = {}): Promise<T> {
  const { status, location, text } = await send(url, request).catch((error: NodeJS.ErrnoException) => {
    // Of the servers that are asked here, only Trino can have a certificate of its own.
    throw new Error(`${url}: ${connectionFault(error, new URL(url), "QUESTLOG_TRINO_CA_FILE")}`);
  });
  if (status < 200 || status > 299)
    throw new Error(`${url} answered ${status}: ${answerText(text, location)}`);
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new Error(`${url}: expected JSON, got ${answerText(text)}`, { cause: error });
  }
}

/** `fetch` takes no CA of its own. */
async function send(url: string, { method = "GET", headers = {}, body, ca }: JsonRequest) {
  const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
  try {
    const request = url.startsWith("https:")
      ? requestHttps(url, { method, headers, signal, ...(ca && { ca }) })
      : requestHttp(url, { method, headers, signal });
    request.end(body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const { statusCode: status = 0 } = response;
    return { status, location: response.headers.location, text: await readText(response) };
  } catch (error) {
    if (signal.aborted) throw new Error(`no answer in ${ANSWER_LIMIT_MS / 1000} s`, { cause: error });
    throw error;
  }
}
