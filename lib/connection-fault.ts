/**
 * The error of a request without an answer → its reason in words, with the setting that mends it.
 *
 * Node names such faults by codes of OpenSSL: a wrong scheme is "EPROTO … wrong version number".
 */
const UNKNOWN_CA = /SELF_SIGNED|UNABLE_TO_|CERT_SIGNATURE|CERT_UNTRUSTED/;
const NO_TLS = /wrong version number|packet length too long|ERR_SSL_(WRONG_VERSION|PACKET_LENGTH)/i;
const HUNG_UP = /socket hang up|ECONNRESET/;

/** @param caSetting the setting that names the CA of this server's certificate */
export function connectionFault(error: Error, { protocol }: URL, caSetting: string): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const text = `${code} ${message}`;
  if (UNKNOWN_CA.test(text))
    return `its certificate is from a CA that is not known here (${code}): ${caSetting} names the CA`;
  if (NO_TLS.test(text)) return "it does not speak TLS: its address begins with http, not https";
  if (protocol === "http:" && HUNG_UP.test(text))
    return `it closed the connection (${code || message}); if it speaks TLS, its address begins with https`;
  return message || code;
}
