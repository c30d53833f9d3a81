import {
  bytesOf,
  encodeSid,
  filterEscape,
  type LdapConnection,
  type LdapEntry,
  textOf,
} from '@causeway/ldap';
import type { Service } from '@causeway/service';
import type { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import { asAttributes, asChanges } from './attributes.ts';
import { type KeeperContext, keepDirectory } from './keep-directory.ts';
import { DOMAIN_POLICY, type SettingsObject, settingsObjects } from './lockout-policy.ts';

const INTERVAL_MS = 5_000;
/** Well-known RIDs ([MS-DTYP] 2.4.2.4): the first administrator, krbtgt, Domain Users, and the groups of domain controllers. */
const RID = { administrator: 500, krbtgt: 502, domainUsers: 513, controllers: [516, 521] } as const;
/** How long the status shows a lock that was ended. */
const TOLD_FOR_MS = 24 * 60 * 60_000;

/** A lock of an account that the domain needs. */
interface EndedLock {
  account: string;
  /** ISO 8601. */
  at: string;
}

/**
 * Keeps anybody from locking the realm. It keeps the lockout policy ours whenever somebody changes it, and ends the lock of an account that
 * the domain needs, with an alarm. The policy's objects are all that Domain Services writes beside its own accounts.
 */
export class RealmGuard implements Service {
  readonly name = 'realm guard';
  readonly #options: KeeperContext;

  constructor(options: KeeperContext) {
    this.#options = options;
  }

  run(signal: AbortSignal): Promise<void> {
    const told = { failed: 'cannot guard the realm', again: 'guarding the realm again' };
    return keepDirectory(
      this.#options,
      { intervalMs: INTERVAL_MS, told },
      (ldap, domain) => this.#look(ldap, domain),
      signal,
    );
  }

  async #look(ldap: LdapConnection, domain: ManagedDomain): Promise<void> {
    const { ledger, directory, log } = this.#options;
    const needed = await neededAccounts(ldap, directory.base, domain.sid);
    for (const entry of needed.filter(isLocked)) {
      await ldap.modify(entry.dn, [{ operation: 'replace', attribute: 'lockoutTime', values: ['0'] }]);
      const lock: EndedLock = { account: textOf(entry, 'sAMAccountName')!, at: ledger.timestamp() };
      ledger.state.set('endedLock', JSON.stringify(lock));
      log.error(lock, lockAlarm(lock));
    }
    for (const name of await ensureLockoutPolicy(ldap, directory.base, domain.sid)) {
      log.warn({ name }, 'restored the lockout policy, which was missing or changed');
    }
  }
}

const isLocked = (entry: LdapEntry): boolean => (textOf(entry, 'lockoutTime') ?? '0') !== '0';

const lockAlarm = ({ account, at }: EndedLock): string =>
  `ALARM: '${account}', which the domain needs, was locked by wrong passwords; seen and ended at ${at}. Somebody tries passwords: look at Samba's log`;

/** The status alarm for a lock in the last day; null if there was none. */
export function readLockAlarm(ledger: Ledger): string | null {
  const text = ledger.state.get('endedLock');
  if (text === undefined) return null;
  const lock = JSON.parse(text) as EndedLock;
  return ledger.clock.now() - Date.parse(lock.at) < TOLD_FOR_MS ? lockAlarm(lock) : null;
}

async function neededAccounts(ldap: LdapConnection, base: string, sid: string): Promise<LdapEntry[]> {
  const groups = RID.controllers.map(rid => `(primaryGroupID=${rid})`).join('');
  const sids = [RID.krbtgt, RID.administrator]
    .map(rid => `(objectSid=${filterSid(`${sid}-${rid}`)})`)
    .join('');
  const attributes = ['sAMAccountName', 'lockoutTime'];
  return ldap.search(base, { filter: `(&(objectClass=user)(|${sids}${groups}))`, attributes });
}

const filterSid = (sid: string): string => filterEscape(encodeSid(sid));

/**
 * Restores the domain's threshold and the two settings objects.
 * @returns what had to be written
 */
async function ensureLockoutPolicy(ldap: LdapConnection, base: string, sid: string): Promise<string[]> {
  const written: string[] = [];
  const { lockoutThreshold } = DOMAIN_POLICY;
  const [domain] = await ldap.search(base, { scope: 'base', attributes: ['lockoutThreshold'] });
  const subjects = {
    domainUsers: await dnOf(ldap, base, `${sid}-${RID.domainUsers}`),
    administrator: await dnOf(ldap, base, `${sid}-${RID.administrator}`),
  };
  // Write the objects first: without them only the domain's own threshold stops a guesser.
  for (const wanted of settingsObjects(base, subjects)) {
    if (await ensureObject(ldap, wanted)) written.push(wanted.dn);
  }
  if (textOf(domain!, 'lockoutThreshold') !== lockoutThreshold) {
    await ldap.modify(base, asChanges({ lockoutThreshold: [lockoutThreshold!] }));
    written.push('lockoutThreshold');
  }
  return written;
}

async function dnOf(ldap: LdapConnection, base: string, sid: string): Promise<string> {
  const [entry] = await ldap.search(base, {
    filter: `(objectSid=${filterSid(sid)})`,
    attributes: ['objectSid'],
  });
  if (entry === undefined || bytesOf(entry, 'objectSid') === undefined)
    throw new Error(`no object has the SID ${sid}`);
  return entry.dn;
}

/** @returns whether something had to be written */
async function ensureObject(ldap: LdapConnection, { dn, values }: SettingsObject): Promise<boolean> {
  const slash = dn.indexOf(',');
  const container = dn.slice(slash + 1);
  const filter = `(${dn.slice(0, slash)})`;
  const attributes = Object.keys(values);
  const [found] = await ldap.search(container, { scope: 'one', filter, attributes });
  if (found === undefined) {
    await ldap.add(dn, asAttributes({ objectClass: ['msDS-PasswordSettings'], ...values }));
    return true;
  }
  const differing = Object.entries(values).filter(
    ([name, wanted]) => !sameValues(found.attributes[name] ?? [], wanted.map(String)),
  );
  if (differing.length === 0) return false;
  await ldap.modify(dn, asChanges(Object.fromEntries(differing)));
  return true;
}

function sameValues(found: readonly unknown[], wanted: readonly string[]): boolean {
  const lower = (values: readonly unknown[]) => values.map(value => String(value).toLowerCase()).sort();
  return JSON.stringify(lower(found)) === JSON.stringify(lower(wanted));
}
