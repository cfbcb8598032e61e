/**
 * Host → token of a login by Kerberos (SPNEGO), for the ticket cache of this process.
 *
 * The package `kerberos` is native code that needs Kerberos's own headers. So it is no dependency:
 * users of Kerberos install it themselves. `kinit` fills the ticket cache.
 */
interface Client {
  step: (challenge: string) => Promise<string>;
}

interface Kerberos {
  initializeClient: (service: string, options: { mechOID: number }) => Promise<Client>;
}

const SPNEGO = 6; // GSS_MECH_OID_SPNEGO of the package

/** @throws Error without the package, or without a valid ticket */
export async function spnego(host: string): Promise<string> {
  const { default: kerberos } = await load();
  try {
    const client = await kerberos.initializeClient(`HTTP@${host}`, { mechOID: SPNEGO });
    return await client.step("");
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(
      `Kerberos gives no ticket for HTTP/${host} (${reason}); klist shows the tickets, kinit makes one`,
      {
        cause: error,
      },
    );
  }
}

/** @throws Error without the package, or if it cannot be loaded */
async function load(): Promise<{ default: Kerberos }> {
  const name = "kerberos"; // a variable: TypeScript does not look for the package
  try {
    return (await import(name)) as { default: Kerberos };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem =
      code === "ERR_MODULE_NOT_FOUND"
        ? "found none: apt-get install libkrb5-dev, then npm install --no-save kerberos"
        : `got one that cannot be loaded (${message.split("\n")[0]})`;
    throw new Error(`QUESTLOG_WEBHDFS_KERBEROS: expected the package kerberos, ${problem}`, { cause: error });
  }
}
