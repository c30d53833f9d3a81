import { randomUUID } from 'node:crypto';
import { nameKey } from '@causeway/wire';
import type { DirectoryAccount } from '../directory/found-accounts.ts';
import type { WriteResult } from '../directory/write.ts';
import { slotOfName, slotOfPrincipal } from '../names/naming.ts';

/** A directory that compares and refuses names as Samba does, and keeps nothing else. */
export class DirectoryPeer {
  readonly realm: string;
  readonly users = 'OU=AADDC Users,DC=aadds,DC=example,DC=net';
  readonly accounts = new Map<string, { name: string; principal: string | null }>();
  /** Called before each change. A test can throw here to simulate a kill. */
  onChange: () => void = () => {};
  changes = 0;

  constructor(realm: string) {
    this.realm = realm;
  }

  add(name: string, principal: string | null): string | undefined {
    const guid = randomUUID();
    if (this.#clash(guid, name, principal)) return undefined;
    this.accounts.set(guid, { name, principal });
    return guid;
  }

  async holders(names: string[], principals: string[]): Promise<DirectoryAccount[]> {
    const keys = new Set([...names, ...principals].map(nameKey));
    return [...this.accounts]
      .filter(
        ([, { name, principal }]) => keys.has(nameKey(name)) || (principal && keys.has(nameKey(principal))),
      )
      .map(([guid, { name, principal }]) => ({
        ...{ guid, samAccountName: name, userPrincipalName: principal ?? undefined },
      }));
  }

  async rename(guid: string, _from: string, to: string): Promise<WriteResult> {
    return this.#change(guid, to, this.accounts.get(guid)?.principal ?? null);
  }

  async setPrincipal(guid: string, principal: string | null): Promise<WriteResult> {
    return this.#change(guid, this.accounts.get(guid)?.name ?? '', principal);
  }

  #change(guid: string, name: string, principal: string | null): WriteResult {
    this.onChange();
    this.changes++;
    if (!this.accounts.has(guid)) return { ok: false, gone: true, reason: 'no such object' };
    const reason = this.#clash(guid, name, principal);
    if (reason) return { ok: false, gone: false, refused: true, reason };
    this.accounts.set(guid, { name, principal });
    return { ok: true };
  }

  #clash(guid: string, name: string, principal: string | null): string | undefined {
    const slots = (n: string, p: string | null) => [
      slotOfName(n),
      ...(p ? [slotOfPrincipal(p, this.realm)] : []),
    ];
    const wanted = new Set(slots(name, principal));
    for (const [other, has] of this.accounts) {
      if (other !== guid && slots(has.name, has.principal).some(slot => wanted.has(slot))) return 'in use';
    }
    return undefined;
  }
}
