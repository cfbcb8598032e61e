/** The settings → the headers that tell Trino the user, the login and the roles of a request. */
import type { TrinoAccess } from "./cluster-settings.ts";
import { settings } from "./settings.ts";

/** Reads the secret anew: a token has a short life. */
export function trinoLogin(access: TrinoAccess = settings.trinoAccess): Record<string, string> {
  const { user, password, token, roles } = access;
  return {
    "X-Trino-User": user,
    ...(roles !== undefined && { "X-Trino-Role": roles }),
    ...(password && {
      Authorization: `Basic ${Buffer.from(`${user}:${password.read()}`).toString("base64")}`,
    }),
    ...(token && { Authorization: `Bearer ${token.read()}` }),
  };
}

/**
 * Trino names the address of each next page. Behind a proxy it may name one without TLS.
 * @throws Error before a secret goes there
 */
export function refusePlainPage(
  nextUri: string | undefined,
  access: TrinoAccess = settings.trinoAccess,
): void {
  if (nextUri === undefined || nextUri.startsWith("https:") || !(access.password ?? access.token)) return;
  throw new Error(
    `Trino: expected https in the address of the next page, got ${new URL(nextUri).origin}; Trino needs http-server.process-forwarded=true behind a proxy`,
  );
}
