import { bytesOf, decodeGuid, type LdapConnection, openLdap } from '@causeway/ldap';
import { baseDn } from '@causeway/samba';
import { eventually, NotYet, timeUntil } from '@causeway/service/testing';
import pg from 'pg';
import { layoutOf } from '../../domains/table.ts';
import { median, timed } from '../measure/numbers.ts';
import type { Scene } from '../scene.ts';

/** Per change. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 10;

/** Asks the tenant's own database. */
export class TenantGroups implements AsyncDisposable {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(connectionString: string): Promise<TenantGroups> {
    const client = new pg.Client({ connectionString });
    client.on('error', () => {}); // PostgreSQL ends first if the benchmark is interrupted; whoever asks then is told
    await client.connect();
    return new TenantGroups(client);
  }

  async count(): Promise<{ people: number; groups: number; memberships: number }> {
    const { rows } = await this.#client.query<Record<'people' | 'groups' | 'memberships', string>>(
      `select (select count(*) from users where source_anchor is not null) as people,
        (select count(*) from groups where origin = 'synchronized') as groups,
        (select count(*) from memberships) as memberships`,
    );
    const { people, groups, memberships } = rows[0]!;
    return { people: Number(people), groups: Number(groups), memberships: Number(memberships) };
  }

  /** @returns milliseconds until a group has so many members */
  async until(group: string, members: number, patienceMs = PATIENCE_MS): Promise<number> {
    const look = async () => {
      const size = await this.#size(group);
      return size === members || new NotYet(`${size} members`);
    };
    return timeUntil(`${group} has ${members} members`, look, { patienceMs, lookMs: LOOK_MS });
  }

  async #size(group: string): Promise<number> {
    const { rows } = await this.#client.query<{ size: string }>(
      `select count(*) as size from memberships join groups on groups.id = group_id and groups.tenant_id = memberships.tenant_id
        where sam_account_name = $1`,
      [group],
    );
    return Number(rows[0]?.size);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}

/** Asks the managed domain on its privileged socket. */
export class ManagedGroups implements AsyncDisposable {
  readonly #ldap: LdapConnection;
  readonly #base: string;

  private constructor(ldap: LdapConnection, base: string) {
    this.#ldap = ldap;
    this.#base = base;
  }

  /** Starts Domain Services, which writes what the tenant has. */
  static async load({ ground, stage, managed }: Scene): Promise<ManagedGroups> {
    ground.report('starting Domain Services: people and groups into an empty domain');
    await stage.domain.start();
    const connect = () =>
      openLdap({ url: { socketPath: layoutOf(managed).ldapi }, timeoutMs: 60_000 }).catch(
        (error: Error) => new NotYet(error.message),
      );
    return new ManagedGroups(await eventually('the managed domain answers', connect), baseDn(managed));
  }

  /** Waits until a group has so many members. */
  async whole(group: string, members: number, patienceMs: number): Promise<void> {
    const look = async () => {
      const dn = await this.#dn(group);
      if (dn === undefined) return new NotYet('no such group');
      const found = await this.#ldap.search(this.#base, {
        filter: `(memberOf=${dn})`,
        attributes: ['1.1'],
      });
      return found.length >= members || new NotYet(`${found.length} members`);
    };
    await eventually(`${group} has ${members} members`, look, { patienceMs, lookMs: 500 * LOOK_MS });
  }

  /** @returns the median of the milliseconds that removing one member and adding it back takes */
  async rawModify(group: string, times: number): Promise<number> {
    const dn = (await this.#dn(group))!;
    const found = await this.#ldap.search(this.#base, {
      filter: `(memberOf=${dn})`,
      attributes: ['objectGUID'],
    });
    const took: number[] = [];
    for (const entry of found.slice(0, times)) {
      const values = [`<GUID=${decodeGuid(bytesOf(entry, 'objectGUID')!)}>`];
      for (const operation of ['delete', 'add'] as const)
        took.push(
          (await timed(() => this.#ldap.modify(dn, [{ operation, attribute: 'member', values }]))).ms,
        );
    }
    return median(took);
  }

  /** @returns milliseconds until an account is a member of a group, or no longer is */
  async until(group: string, sam: string, change: 'in' | 'out', patienceMs = PATIENCE_MS): Promise<number> {
    const dn = (await this.#dn(group))!;
    const filter = `(&(sAMAccountName=${sam})(memberOf=${dn}))`;
    const look = async () =>
      (await this.#ldap.search(this.#base, { filter, attributes: ['1.1'] })).length ===
      (change === 'in' ? 1 : 0);
    return timeUntil(`${sam} is ${change}`, look, { patienceMs, lookMs: LOOK_MS });
  }

  async #dn(group: string): Promise<string | undefined> {
    const filter = `(sAMAccountName=${group})`;
    return (await this.#ldap.search(this.#base, { filter, attributes: ['1.1'] }))[0]?.dn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ldap[Symbol.asyncDispose]();
  }
}
