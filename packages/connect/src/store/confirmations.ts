import type { DirectoryIdentity } from '@causeway/active-directory';
import { domainFingerprint } from '@causeway/records';
import { KeptFile } from '@causeway/service';
import { z } from 'zod';
import type { Database } from './database.ts';

/** The managed domain's keys that an administrator confirmed. */
const ConfirmedKey = z.strictObject({
  /** The fingerprint of both keys. */
  fingerprint: z.string(),
  keyId: z.string(),
  publicKey: z.string(),
  receiptKey: z.string(),
  realm: z.string(),
  confirmedAt: z.iso.datetime(),
});
export type ConfirmedKey = z.infer<typeof ConfirmedKey>;

/** The directory that a connector read first, or that an administrator allowed since. */
const Pin = z.strictObject({
  domainSid: z.string(),
  domainGuid: z.string(),
  namingContext: z.string(),
  forest: z.string(),
  pinnedAt: z.iso.datetime(),
});
export type Pin = z.infer<typeof Pin>;

const Confirmed = z.strictObject({
  managedDomain: ConfirmedKey.refine(isWhole, 'its fingerprint is not that of its keys').nullable(),
  /** By connector. */
  directories: z.record(z.string(), Pin),
  /** By connector whose forest was restored: the epoch of its password orders since. */
  epochs: z.record(z.string(), z.int().positive()).optional(),
});
type Confirmed = z.infer<typeof Confirmed>;

const NOTHING: Confirmed = { managedDomain: null, directories: {} };

/** What administrators confirmed at this Connect, and the directories it has met: in a file beside its keys, not in the database. */
export class Confirmations {
  readonly #db: Database;
  readonly #file: KeptFile<Confirmed>;

  /**
   * @param path undefined keeps them in memory (tests)
   * @throws CausewayError 'confirmations-unreadable' or 'file-not-private'
   */
  constructor(db: Database, path: string | undefined) {
    this.#db = db;
    this.#file = new KeptFile(path, Confirmed);
    this.#takeFromDatabase();
  }

  get managedDomain(): ConfirmedKey | undefined {
    return this.#value.managedDomain ?? undefined;
  }

  confirmDomain(key: Omit<ConfirmedKey, 'confirmedAt'>): ConfirmedKey {
    const managedDomain = { ...key, confirmedAt: this.#db.timestamp() };
    this.#file.keep({ ...this.#value, managedDomain });
    return managedDomain;
  }

  /** @returns false if none was confirmed */
  withdrawDomain(): boolean {
    const was = this.managedDomain !== undefined;
    if (was) this.#file.keep({ ...this.#value, managedDomain: null });
    return was;
  }

  pin(connector: string): Pin | undefined {
    const { directories } = this.#value;
    return Object.hasOwn(directories, connector) ? directories[connector] : undefined;
  }

  setPin(connector: string, { domainSid, domainGuid, namingContext, forest }: DirectoryIdentity): void {
    const pin = { domainSid, domainGuid, namingContext, forest, pinnedAt: this.#db.timestamp() };
    this.#file.keep({ ...this.#value, directories: { ...this.#value.directories, [connector]: pin } });
  }

  /** 0 if no administrator ever accepted the forest as restored. */
  epoch(connector: string): number {
    const { epochs = {} } = this.#value;
    return Object.hasOwn(epochs, connector) ? epochs[connector]! : 0;
  }

  setEpoch(connector: string, epoch: number): void {
    this.#file.keep({ ...this.#value, epochs: { ...this.#value.epochs, [connector]: epoch } });
  }

  get #value(): Confirmed {
    return this.#file.value ?? NOTHING;
  }

  /**
   * Earlier releases kept them in tables. The rows are deleted once they are in the file. So a restored older database cannot contradict
   * it, and a key withdrawn since does not come back if the file is lost.
   */
  #takeFromDatabase(): void {
    const db = this.#db;
    const key = db.get<ConfirmedKey>(
      'SELECT fingerprint, key_id AS keyId, public_key AS publicKey, receipt_key AS receiptKey, realm, confirmed_at AS confirmedAt FROM pairing',
    );
    const pins = db.all<Pin & { connector: string }>(
      `SELECT connector, domain_sid AS domainSid, domain_guid AS domainGuid, naming_context AS namingContext, forest, pinned_at AS pinnedAt
       FROM directory_pin`,
    );
    if (key === undefined && pins.length === 0) return;
    if (this.#file.value === undefined) {
      const directories = Object.fromEntries(pins.map(({ connector, ...pin }) => [connector, pin]));
      this.#file.keep({ managedDomain: key ? { ...key } : null, directories });
    }
    db.exec('DELETE FROM pairing; DELETE FROM directory_pin');
  }
}

function isWhole({ fingerprint, publicKey, receiptKey }: ConfirmedKey): boolean {
  try {
    return domainFingerprint(publicKey, receiptKey) === fingerprint;
  } catch {
    return false;
  }
}
