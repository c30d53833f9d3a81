import {
  coversChange,
  type ImportedObject,
  type ImportPage,
  readAttributeStamps,
  type StampedAttribute,
} from '@causeway/active-directory';
import type { LdapConnection } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import { oweImport, readVector } from '../domain-controller/lag.ts';
import { isSmartCardOnly } from '../user-account-control.ts';
import { decideAccount, userAccountControl } from './decide-account.ts';
import { type DirectoryObject, mergeImported } from './merge.ts';

/** Attributes that decide whether somebody is synchronized and can sign in. */
const OPENING: readonly StampedAttribute[] = [
  'userAccountControl',
  'accountExpires',
  'adminDescription',
  'isCriticalSystemObject',
  'sAMAccountName',
];

/** More than these are not looked up one by one: they wait until the domain controller lags no more. */
const MAX_LOOK_UPS = 5_000;

/**
 * What counts of what a domain controller says that lags. Closing counts at once. What would open, delete, restore or make somebody
 * counts when its own change is news, so that what was read from another domain controller is not undone by one that has not heard of
 * it; else it waits.
 */
export class LaggingImport {
  readonly #context: ConnectorContext;
  readonly #ldap: LdapConnection;
  readonly #namingContext: string;
  readonly #heldBack: { change: ImportedObject; by: readonly StampedAttribute[] }[] = [];

  constructor(context: ConnectorContext, ldap: LdapConnection, namingContext: string) {
    this.#context = context;
    this.#ldap = ldap;
    this.#namingContext = namingContext;
  }

  /** The objects of a page that count; what has to be looked up for it comes with the last page of what belongs together. */
  async take({ objects, full, cookie }: ImportPage): Promise<ImportedObject[]> {
    const { store, scope } = this.#context;
    const taken: ImportedObject[] = [];
    for (const change of objects) {
      const by = decidingAttributes(store.space.get(change.objectGuid), change, full !== null, scope);
      if (by === undefined) taken.push(change);
      else if (this.#heldBack.length <= MAX_LOOK_UPS) this.#heldBack.push({ change, by });
    }
    if (cookie !== undefined) taken.push(...(await this.#lookUp())); // only now: while pages come, the connection is busy
    return taken;
  }

  async #lookUp(): Promise<ImportedObject[]> {
    const { store } = this.#context;
    const heldBack = this.#heldBack.splice(0);
    const counting: ImportedObject[] = [];
    if (heldBack.length <= MAX_LOOK_UPS) {
      const known = readVector(store);
      for (const { change, by } of heldBack) {
        const stamps = await readAttributeStamps(this.#ldap, this.#namingContext, change.objectGuid);
        const isNews = by.some(name => {
          const stamp = stamps.get(name);
          return stamp !== undefined && !coversChange(known, stamp);
        });
        if (isNews) counting.push(change);
      }
    }
    if (counting.length < heldBack.length) oweImport(store);
    return counting;
  }
}

/** Whose last change decides whether what is said of an object counts; undefined: it counts in any case. */
export function decidingAttributes(
  known: DirectoryObject | undefined,
  change: ImportedObject,
  full: boolean,
  scope: ConnectorContext['scope'],
): readonly StampedAttribute[] | undefined {
  if (known === undefined) return change.isDeleted ? undefined : ['objectSid', 'isDeleted'];
  if (known.deleted !== change.isDeleted) return ['isDeleted'];
  if (change.isDeleted) return undefined;
  const then = mergeImported(known, change, full);
  if (!opens(known, then, scope)) return undefined;
  return OPENING.filter(name => String(known.attributes[name]) !== String(then.attributes[name]));
}

/** Whether somebody can do more than before. */
function opens(before: DirectoryObject, after: DirectoryObject, scope: ConnectorContext['scope']): boolean {
  const [then, now] = [decideAccount(before, scope), decideAccount(after, scope)];
  if (!now.inScope || !now.account.accountEnabled) return false;
  if (!then.inScope || !then.account.accountEnabled) return true;
  const smartCard = ({ attributes }: DirectoryObject) => isSmartCardOnly(userAccountControl(attributes));
  if (smartCard(before) && !smartCard(after)) return true;
  const { accountExpires: end } = then.account;
  return end !== null && (now.account.accountExpires === null || now.account.accountExpires > end);
}
