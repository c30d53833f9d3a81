import { type LdapConnection, LdapError, type LdapErrorCode, openLdap } from '@causeway/ldap';
import { CausewayError, describeError, suspectDisk } from '@causeway/service';
import type { WriteResult } from './write.ts';

const TIMEOUT_MS = 30_000;
/** The domain controller does not answer or is busy. Nothing is wrong with the change. */
const UNAVAILABLE: ReadonlySet<LdapErrorCode> = new Set([
  'unreachable',
  'closed',
  'timeout',
  'busy',
  'protocol',
]);

const OPERATIONS_ERROR = 1;
const PROTOCOL_ERROR = 2;
const IO_ERROR = /^[0-9A-F]{8}: IO Error at \S+\.c:\d+$/;

/**
 * How Samba reports that its disk rejects writes (seen in 4.17): a protocol error on a full disk, an operations error on one that became
 * read-only. The content of a change must never cause the same errors, or one user would hold up all others.
 */
const isDiskTrouble = ({ resultCode, diagnostic }: LdapError): boolean =>
  resultCode === PROTOCOL_ERROR || (resultCode === OPERATIONS_ERROR && IO_ERROR.test(diagnostic ?? ''));

const REFUSALS: ReadonlySet<LdapErrorCode> = new Set(['already-exists', 'constraint', 'syntax']);

/** Whether the directory rejects the change, while it works itself. */
export const isRefusal = (error: unknown): boolean => error instanceof LdapError && REFUSALS.has(error.code);

/** The one connection to Samba's privileged socket, opened when needed. */
export class SambaConnection {
  readonly #socketPath: string;
  readonly #place: string;
  #connection: LdapConnection | undefined;
  #opening: Promise<LdapConnection> | undefined;

  /** @param place the domain's folder, which errors name */
  constructor(socketPath: string, place: string) {
    this.#socketPath = socketPath;
    this.#place = place;
  }

  /** Runs work in its turn. @throws CausewayError 'directory-unavailable', or the directory's LdapError */
  async use<T>(work: (ldap: LdapConnection) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#open());
    } catch (error) {
      if (!(error instanceof LdapError)) throw error;
      if (isDiskTrouble(error)) throw cannotStore(error, this.#place);
      if (!UNAVAILABLE.has(error.code)) throw error;
      throw new CausewayError(
        'directory-unavailable',
        `the managed domain's directory does not answer: ${describeError(error)}`,
        { cause: error },
      );
    }
  }

  /** Changes one account. A rejection by the directory is the result. @throws CausewayError 'directory-unavailable' */
  async attempt(work: (ldap: LdapConnection) => Promise<void>): Promise<WriteResult> {
    try {
      await this.use(work);
      return { ok: true };
    } catch (error) {
      if (!(error instanceof LdapError)) throw error;
      const gone = error.code === 'no-such-object';
      return { ok: false, gone, refused: isRefusal(error), reason: error.message };
    }
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    this.#connection = undefined;
  }

  /** INVARIANT: one connection. Samba's privileged socket was seen to hang when one client had several. */
  async #open(): Promise<LdapConnection> {
    if (this.#connection?.usable) return this.#connection;
    this.#opening ??= openLdap({ url: { socketPath: this.#socketPath }, timeoutMs: TIMEOUT_MS }).finally(
      () => {
        this.#opening = undefined;
      },
    );
    this.#connection = await this.#opening;
    return this.#connection;
  }
}

/** The error for a directory that cannot store anything now. It is no rejection of the user that the change is about. */
export function cannotStore(cause: Error, place: string): CausewayError {
  const disk = suspectDisk(cause, place);
  if (disk) return disk;
  const text = `the managed domain's directory in '${place}' cannot store anything; its disk may be failing, and nothing is lost: ${describeError(cause)}`;
  return new CausewayError('directory-unavailable', text, { cause });
}
