import { randomUUID } from 'node:crypto';
import { decodeGuid, encodeGuid } from '@causeway/ldap';
import { CausewayError } from '@causeway/service';
import { accountMark, MARK_ATTRIBUTE } from '../directory/account-mark.ts';
import { controlValues, type Values } from '../directory/attributes.ts';
import type { DirectoryAccount, FoundAccount, SeenAccount } from '../directory/found-accounts.ts';
import { accountDn } from '../directory/structure.ts';
import type { Write, WriteResult } from '../directory/write.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';

/** A directory that keeps what is written to accounts, and their tombstones. */
export class AccountsPeer {
  readonly users = 'OU=AADDC Users,DC=aadds,DC=example,DC=net';
  readonly realm: string;
  readonly accountDescriptor = new Uint8Array();
  readonly stored = new Map<string, Values>();
  readonly tombstones = new Map<string, Values>();
  /** DNs of accounts that were moved by hand. */
  readonly moved = new Map<string, string>();

  isUp = true;
  /** Called once before the next write. */
  beforeWrite: (() => Promise<unknown>) | undefined;

  constructor(realm: string) {
    this.realm = realm;
  }

  addStranger(name: string, person: Pick<LedgerEntry, 'anchor' | 'forest' | 'objectGuid'> | undefined): void {
    this.stored.set(randomUUID(), { sAMAccountName: [name], ...(person && accountMark(person)) });
  }

  isEnabled(guid: string): boolean {
    return this.stored.get(guid)?.userAccountControl?.[0] === controlValues(true).userAccountControl![0];
  }

  holders: (names: string[], principals: string[]) => Promise<DirectoryAccount[]> = async () => [];

  async see(guids: readonly string[]): Promise<Map<string, SeenAccount>> {
    const seen = guids.flatMap((guid): [string, SeenAccount][] => {
      const values = this.stored.get(guid);
      if (values === undefined) return [];
      const text = (name: string) => values[name]?.[0]?.toString();
      const samAccountName = text('sAMAccountName') ?? '';
      const dn = this.moved.get(guid) ?? accountDn(samAccountName, this.users);
      const names = { guid, dn, samAccountName, userPrincipalName: text('userPrincipalName') };
      const userAccountControl = text('userAccountControl') ?? '';
      const times = {
        pwdLastSet: text('pwdLastSet') ?? '0',
        accountExpires: text('accountExpires') ?? '0',
      };
      return [[guid, { ...names, userAccountControl, ...times }]];
    });
    return new Map(seen);
  }

  async *accounts(): AsyncGenerator<FoundAccount[]> {
    yield [...this.stored].map(([guid, values]) => ({
      guid,
      samAccountName: String(values.sAMAccountName?.[0]),
      userPrincipalName: values.userPrincipalName?.[0]?.toString(),
      mark: String(values[MARK_ATTRIBUTE]?.[0] ?? ''),
      nonce: nonceOf(values),
    }));
  }

  async write(write: Write): Promise<WriteResult> {
    const first = this.beforeWrite;
    this.beforeWrite = undefined;
    await first?.();
    if (write.kind === 'modify') return this.ensure(write.guid, write.values);
    this.stored.set(randomUUID(), { ...write.values });
    return { ok: true };
  }

  async ensure(guid: string, values: Values): Promise<WriteResult> {
    if (!this.isUp) throw new CausewayError('directory-unavailable', 'it does not answer');
    const before = this.stored.get(guid);
    if (before === undefined) return { ok: false, gone: true, reason: 'no such object' };
    this.stored.set(guid, { ...before, ...values });
    return { ok: true };
  }

  async findMade(made: { nonce: string }[]): Promise<Map<string, string>> {
    const wanted = new Set(made.map(({ nonce }) => nonce));
    const all = [...this.stored].map(([guid, values]) => [nonceOf(values) ?? '', guid] as const);
    return new Map(all.filter(([nonce]) => wanted.has(nonce)));
  }

  setPrincipal(guid: string, principal: string | null): Promise<WriteResult> {
    return this.ensure(guid, { userPrincipalName: principal === null ? [] : [principal] });
  }

  rename(guid: string, _from: string, to: string): Promise<WriteResult> {
    this.moved.delete(guid);
    return this.ensure(guid, { sAMAccountName: [to] });
  }

  async delete(guid: string): Promise<WriteResult> {
    const values = this.stored.get(guid);
    if (values === undefined) return { ok: false, gone: true, reason: 'no such object' };
    this.tombstones.set(guid, values);
    this.stored.delete(guid);
    return { ok: true };
  }

  async restore(guid: string, name: string, nonce: string): Promise<WriteResult> {
    const kept = this.tombstones.get(guid);
    if (kept === undefined) return { ok: false, gone: true, reason: 'no tombstone' };
    const { [MARK_ATTRIBUTE]: _, userPrincipalName: _none, ...values } = kept;
    const anew = { sAMAccountName: [name], 'mS-DS-ConsistencyGuid': [encodeGuid(nonce)] };
    this.stored.set(guid, { ...values, ...anew, ...controlValues(false) });
    return { ok: true };
  }

  async blockMarks(): Promise<{ guid: string; text: string }[]> {
    const marks = [...this.stored].map(([guid, values]) => ({
      ...{ guid, text: String(values[MARK_ATTRIBUTE]?.[0] ?? '') },
    }));
    return marks.filter(({ text }) => text.startsWith('blocked by Causeway'));
  }
}

function nonceOf(values: Values): string | undefined {
  const nonce = values['mS-DS-ConsistencyGuid']?.[0];
  return nonce === undefined ? undefined : decodeGuid(nonce as Uint8Array);
}
