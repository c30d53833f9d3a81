import { publicKeyInfo } from '@causeway/records';
import { KeptFile, type StateDatabase } from '@causeway/service';
import { z } from 'zod';

/** A key that is trusted for one forest, or the tenant's own key for `CLOUD_FOREST`. */
const TrustedAgent = z.strictObject({
  keyId: z.string(),
  forest: z.string(),
  publicKey: z.string(),
  fingerprint: z.string(),
  trustedAt: z.iso.datetime(),
});
export type TrustedAgent = z.infer<typeof TrustedAgent>;

/** An on-premises domain whose SIDs an administrator confirmed as those of a forest. */
const ConfirmedSid = z.strictObject({ sid: z.string(), forest: z.string(), confirmedAt: z.iso.datetime() });
export type ConfirmedSid = z.infer<typeof ConfirmedSid>;

const Confirmed = z.strictObject({
  signingKeys: z.array(TrustedAgent.refine(isWhole, 'its fingerprint or key id is not that of the key')),
  /** When the first key of each forest was trusted, whatever became of that key. */
  firstTrusted: z.record(z.string(), z.iso.datetime()),
  domainSids: z.array(ConfirmedSid).default([]),
});
type Confirmed = z.infer<typeof Confirmed>;

const NOTHING: Confirmed = { signingKeys: [], firstTrusted: {}, domainSids: [] };

/** The keys that an administrator trusts. They are kept in a file beside the domain's own keys, not in the database. */
export class AgentBook {
  readonly #database: StateDatabase;
  readonly #file: KeptFile<Confirmed>;

  /**
   * @param path undefined keeps them in memory (tests)
   * @throws CausewayError 'confirmations-unreadable' or 'file-not-private'
   */
  constructor(database: StateDatabase, path: string | undefined) {
    this.#database = database;
    this.#file = new KeptFile(path, Confirmed);
    this.#takeFromDatabase();
  }

  list(): TrustedAgent[] {
    return [...this.#value.signingKeys];
  }

  /** Forests in the order in which they were first trusted, including those that are no longer trusted. */
  inOrderOfTrust(): string[] {
    const since = Object.entries(this.#value.firstTrusted);
    return since.sort(([a, x], [b, y]) => order(x, a, y, b)).map(([forest]) => forest);
  }

  /** @param instead keys that are no longer trusted from then on, without a moment between the two states */
  trust(agent: TrustedAgent, instead: readonly TrustedAgent[] = []): void {
    const isOther = (one: TrustedAgent) => ![agent, ...instead].some(each => isSame(one, each));
    this.#keep([...this.#value.signingKeys.filter(isOther), agent]);
  }

  untrust(agents: readonly TrustedAgent[]): void {
    this.#keep(this.#value.signingKeys.filter(one => !agents.some(agent => isSame(one, agent))));
  }

  /** Which forest the SIDs of each domain belong to. */
  domainSids(): ConfirmedSid[] {
    return [...this.#value.domainSids];
  }

  /** @param forest undefined if they belong to no forest any more */
  confirmSid(sid: string, forest: string | undefined, confirmedAt: string): void {
    const others = this.#value.domainSids.filter(one => one.sid !== sid);
    const domainSids = forest === undefined ? others : [...others, { sid, forest, confirmedAt }];
    this.#file.keep({ ...this.#value, domainSids });
  }

  get #value(): Confirmed {
    return this.#file.value ?? NOTHING;
  }

  #keep(keys: readonly TrustedAgent[]): void {
    const signingKeys = keys.toSorted((a, b) => order(a.trustedAt, a.forest, b.trustedAt, b.forest));
    const since = signingKeys.map(({ forest, trustedAt }) => [forest, trustedAt] as const).reverse();
    this.#file.keep({
      signingKeys,
      firstTrusted: { ...Object.fromEntries(since), ...this.#value.firstTrusted },
      domainSids: this.#value.domainSids,
    });
  }

  /**
   * Earlier releases kept the keys in a table. Its rows are deleted once the file has them. So a restored older ledger cannot contradict
   * the file, and a key that is no longer trusted does not come back when the file is lost.
   */
  #takeFromDatabase(): void {
    const rows = this.#database.all<TrustedAgent>(
      'SELECT key_id AS keyId, forest, public_key AS publicKey, fingerprint, trusted_at AS trustedAt FROM trusted_agents',
    );
    if (rows.length === 0) return;
    if (this.#file.value === undefined) this.#keep(rows.map(row => ({ ...row })));
    this.#database.exec('DELETE FROM trusted_agents');
  }
}

const isSame = (a: TrustedAgent, b: TrustedAgent): boolean => a.keyId === b.keyId && a.forest === b.forest;

const order = (...[at, forest, otherAt, otherForest]: [string, string, string, string]): number =>
  at === otherAt ? (forest < otherForest ? -1 : 1) : at < otherAt ? -1 : 1;

function isWhole({ keyId, publicKey, fingerprint }: TrustedAgent): boolean {
  try {
    const key = publicKeyInfo('signing', publicKey);
    return key.keyId === keyId && key.fingerprint === fingerprint;
  } catch {
    return false;
  }
}
