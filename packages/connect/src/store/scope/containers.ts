import type { Database } from '../database.ts';

/** What users and groups lie in. */
export interface Container {
  guid: string;
  /** GUID of the container that it lies in; undefined for the head of the domain. */
  parent: string | undefined;
  dn: string;
}

/** Deeper than that nothing lies: a chain that does not end is cut there. */
const MAX_DEPTH = 1_000;

/** The containers of a connector's domain: whose child each is. A name says nothing: it changes with every container above. */
export class Containers {
  readonly #db: Database;
  readonly #connector: string;
  /** By GUID, its parent: a decision about everybody asks for the same ones again and again. */
  #parents: Map<string, string | undefined> | undefined;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  /** What is remembered may be of a transaction that was undone: to be called before a step that decides. */
  reload(): void {
    this.#parents = undefined;
  }

  has(guid: string): boolean {
    return this.#all().has(guid);
  }

  parentOf(guid: string): string | undefined {
    return this.#all().get(guid);
  }

  /** @returns whether it is new, or lies elsewhere now */
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

  /** @returns whether it was there */
  remove(guid: string): boolean {
    const sql = 'DELETE FROM container WHERE connector = ? AND guid = ? RETURNING guid';
    const found = this.#db.get(sql, this.#connector, guid) !== undefined;
    this.#all().delete(guid);
    return found;
  }

  /** After a full import: what it did not meet is gone. @returns whether anything was */
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
