import type { Database } from '../database.ts';

/** A container of users and groups. */
export interface Container {
  guid: string;
  /** GUID of the container above it; undefined for the head of the domain. */
  parent: string | undefined;
  dn: string;
}

/** No object lies deeper. An endless chain is cut here. */
const MAX_DEPTH = 1_000;

/** The containers of a connector's domain, with each one's parent. Their names are not used: they change with every container above. */
export class Containers {
  readonly #db: Database;
  readonly #connector: string;
  /** The parents by GUID, cached because deciding about every object asks for the same ones again and again. */
  #parents: Map<string, string | undefined> | undefined;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  /** The cache may come from a transaction that was rolled back. Call this before a step that decides. */
  reload(): void {
    this.#parents = undefined;
  }

  has(guid: string): boolean {
    return this.#all().has(guid);
  }

  parentOf(guid: string): string | undefined {
    return this.#all().get(guid);
  }

  /** @returns whether it is new or has moved */
  put({ guid, parent, dn }: Container, generation: number): boolean {
    const isChanged = !this.has(guid) || this.parentOf(guid) !== parent;
    this.#db.run(
      `INSERT INTO container (connector, guid, parent, dn, generation) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET parent = excluded.parent, dn = excluded.dn, generation = excluded.generation`,
      ...[this.#connector, guid, parent ?? null, dn, generation],
    );
    this.#all().set(guid, parent);
    return isChanged;
  }

  /** @returns whether it existed */
  remove(guid: string): boolean {
    const sql = 'DELETE FROM container WHERE connector = ? AND guid = ? RETURNING guid';
    const found = this.#db.get(sql, this.#connector, guid) !== undefined;
    this.#all().delete(guid);
    return found;
  }

  /** After a full import, removes what it did not meet. @returns whether anything was removed */
  removeUnseen(generation: number): boolean {
    const sql = 'DELETE FROM container WHERE connector = ? AND generation <> ? RETURNING guid';
    const gone = this.#db.all(sql, this.#connector, generation).length > 0;
    this.reload();
    return gone;
  }

  /** GUIDs of the containers from this one upwards. */
  chain(from: string | undefined): string[] {
    const parents = this.#all();
    const chain: string[] = [];
    for (let at = from; at !== undefined && parents.has(at) && chain.length < MAX_DEPTH; at = parents.get(at))
      chain.push(at);
    return chain;
  }

  #all(): Map<string, string | undefined> {
    this.#parents ??= new Map(
      this.#db
        .all<{ guid: string; parent: string | null }>(
          'SELECT guid, parent FROM container WHERE connector = ?',
          this.#connector,
        )
        .map(({ guid, parent }) => [guid, parent ?? undefined]),
    );
    return this.#parents;
  }
}
