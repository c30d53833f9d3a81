import type { NamedAccountRecord as AccountRecord } from '@causeway/records';
import type { DirectoryAccount } from './directory.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import { managedName, type NameHolder, possibleNames } from './managed-name.ts';
import { implicitName, type ManagedDomain } from './protected.ts';
import { type Refused, refuse } from './refusals.ts';

/** An account record that is to be written. */
export interface NameRequest {
  entry: LedgerEntry | undefined;
  record: AccountRecord;
}

/** Who has which name, for the users of one page: the ledger knows ours, the directory everybody else's. */
export class NameBook {
  readonly #ledger: Ledger;
  readonly #domain: ManagedDomain;
  readonly #foreign: ReadonlySet<string>;
  /** Names taken or given free by users of this page, before the ledger knows. */
  readonly #names = new Map<string, string | null>();
  readonly #principals = new Map<string, string | null>();

  private constructor(ledger: Ledger, domain: ManagedDomain, foreign: ReadonlySet<string>) {
    this.#ledger = ledger;
    this.#domain = domain;
    this.#foreign = foreign;
  }

  /**
   * Asks the directory once for all the names that the requests could take.
   * @param holders finds whoever has one of these sAMAccountNames or userPrincipalNames in the directory
   */
  static async open(
    ledger: Ledger,
    holders: (samAccountNames: string[], userPrincipalNames: string[]) => Promise<DirectoryAccount[]>,
    domain: ManagedDomain,
    requests: readonly NameRequest[],
  ): Promise<NameBook> {
    const names = new Set<string>();
    const principals = new Set<string>();
    for (const { entry, record } of requests) {
      if (!keptName(entry, record)) {
        for (const name of possibleNames(record.sAMAccountName, record.sourceAnchor)) names.add(name);
      }
      if (keepsPrincipal(entry, record)) continue;
      principals.add(record.userPrincipalName);
      const implicit = implicitName(record.userPrincipalName, domain);
      if (implicit !== undefined) names.add(implicit);
    }
    const foreign = new Set<string>();
    for (const holder of await holders([...names], [...principals])) {
      if (ledger.isManaged(holder.guid)) continue;
      foreign.add(holder.samAccountName.toLowerCase());
      if (holder.userPrincipalName) foreign.add(holder.userPrincipalName.toLowerCase());
    }
    return new NameBook(ledger, domain, foreign);
  }

  /** Takes the names of a record, or says why it cannot have them. */
  take({ entry, record }: NameRequest): { name: string } | Refused {
    const { sourceAnchor: anchor, sequence, userPrincipalName } = record;
    const principal = keepsPrincipal(entry, record)
      ? 'nobody'
      : this.#principalHolder(userPrincipalName, anchor);
    if (principal === 'foreign') return refuse('protected-name', sequence, userPrincipalName);
    if (principal === 'ours') return refuse('name-taken', sequence, userPrincipalName);
    const kept = keptName(entry, record);
    const result =
      kept === undefined
        ? managedName(
            record.sAMAccountName,
            anchor,
            name => this.#nameHolder(name, anchor),
            knownName(entry, record),
          )
        : { name: kept };
    if ('heldBy' in result) {
      const code = result.heldBy === 'foreign' ? 'protected-name' : 'name-taken';
      return refuse(code, sequence, record.sAMAccountName);
    }
    // Of a deleted user the names may be another one's by now: only who is there lets go of any.
    if (entry && entry.deletedAt === null) {
      this.#names.set(entry.samAccountName.toLowerCase(), null);
      this.#principals.set(entry.userPrincipalName.toLowerCase(), null);
    }
    this.#names.set(result.name.toLowerCase(), anchor);
    this.#principals.set(userPrincipalName.toLowerCase(), anchor);
    return result;
  }

  #nameHolder(name: string, anchor: string): NameHolder {
    if (this.#foreign.has(name.toLowerCase())) return 'foreign';
    return holder(this.#names, name, anchor, () => this.#ledger.entryBySamAccountName(name));
  }

  #principalHolder(userPrincipalName: string, anchor: string): NameHolder {
    if (this.#foreign.has(userPrincipalName.toLowerCase())) return 'foreign';
    const implicit = implicitName(userPrincipalName, this.#domain);
    if (implicit !== undefined) {
      const named = this.#nameHolder(implicit, anchor);
      if (named !== 'nobody') return named;
    }
    return holder(this.#principals, userPrincipalName, anchor, () =>
      this.#ledger.entryByPrincipalName(userPrincipalName),
    );
  }
}

function holder(
  taken: ReadonlyMap<string, string | null>,
  name: string,
  anchor: string,
  find: () => LedgerEntry | undefined,
): NameHolder {
  const now = taken.get(name.toLowerCase());
  const by = now === undefined ? find()?.anchor : now;
  return by === undefined || by === null || by === anchor ? 'nobody' : 'ours';
}

/** The name that an account has, when it is one that its record could lead to. */
function keptName(entry: LedgerEntry | undefined, record: AccountRecord): string | undefined {
  return entry?.managedGuid != null && entry.deletedAt === null ? knownName(entry, record) : undefined;
}

/** The same of an account that is not there any more, or not yet. */
function knownName(entry: LedgerEntry | undefined, record: AccountRecord): string | undefined {
  const possible = possibleNames(record.sAMAccountName, record.sourceAnchor);
  return entry && possible.includes(entry.samAccountName) ? entry.samAccountName : undefined;
}

function keepsPrincipal(entry: LedgerEntry | undefined, record: AccountRecord): boolean {
  return entry?.managedGuid != null && entry.userPrincipalName === record.userPrincipalName;
}
