import { randomUUID } from 'node:crypto';
import { type LdapConnection, textOf } from '@causeway/ldap';
import { baseDn, type DomainPlace, readDomain } from '@causeway/samba';
import { faultPoint } from '@causeway/service';
import type { Ledger } from '../../ledger/ledger.ts';
import { ldbSearch, ldbWrite } from '../ldb/ldb-tools.ts';
import { noteRids } from '../rid-pools.ts';
import { compareGenerations } from './compare-generations.ts';
import { generationText, knownGeneration, readGeneration, saveGeneration } from './generation.ts';

/** Changes within this time share one generation. */
const INTERVAL_MS = 10_000;
const NAME = 'Causeway';
const ATTRIBUTE = 'adminDescription';

const containerOf = (base: string): string => `CN=System,${base}`;
const dnOf = (base: string): string => `CN=${NAME},${containerOf(base)}`;

/** The object's text in the database; undefined without the object. The domain need not run. */
export async function findGeneration(place: DomainPlace): Promise<string | undefined> {
  const search = { scope: 'one', filter: `(cn=${NAME})` };
  const [found] = await ldbSearch(place, containerOf(baseDn(readDomain(place))), search, [ATTRIBUTE]);
  return found && (found.get(ATTRIBUTE)?.[0] ?? '');
}

/** Writes the object's text into the database. */
export async function putGeneration(place: DomainPlace, text: string, isThere: boolean): Promise<void> {
  const value = `${ATTRIBUTE}: ${text}`;
  const change = isThere
    ? `changetype: modify\nreplace: ${ATTRIBUTE}\n${value}\n-`
    : `changetype: add\nobjectClass: container\n${value}`;
  await ldbWrite(place, `dn: ${dnOf(baseDn(readDomain(place)))}\n${change}\n`);
}

/**
 * Records the successor of all generations that the ledger or the directory has had. The domain need not run.
 * @param found the text in the database
 */
export async function beginGeneration(
  ledger: Ledger,
  database: { putGeneration(text: string, isThere: boolean): Promise<void> },
  found: string | undefined,
): Promise<void> {
  const had = [knownGeneration(ledger.state)?.counter, readGeneration(found ?? '')?.counter];
  const counter = Math.max(...had.map(one => one ?? 0)) + 1;
  const next = { counter, value: randomUUID(), before: found ?? '' };
  saveGeneration(ledger.state, { ...next, isWritten: false });
  faultPoint('domain.within-generation');
  await database.putGeneration(generationText(next), found !== undefined);
  saveGeneration(ledger.state, { ...next, isWritten: true });
}

/** Draws a new generation before changes of the directory, so that a directory restored from before them is recognized. */
export class Generations {
  readonly #ledger: Ledger;
  readonly #base: string;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #drawing: Promise<void> | undefined;

  constructor(ledger: Ledger, base: string) {
    this.#ledger = ledger;
    this.#base = base;
  }

  /**
   * Call this before a change. @throws LdapError; the next change then writes the same generation
   * @param use the connection to the directory
   */
  async beforeChange(use: <T>(work: (ldap: LdapConnection) => Promise<T>) => Promise<T>): Promise<void> {
    if (this.#ledger.clock.monotonic() - this.#drawnAt < INTERVAL_MS) return;
    this.#drawing ??= use(ldap => this.#draw(ldap)).finally(() => {
      this.#drawing = undefined;
    });
    await this.#drawing;
  }

  async #draw(ldap: LdapConnection): Promise<void> {
    const { state, clock } = this.#ledger;
    const known = knownGeneration(state);
    const found = await readText(ldap, this.#base);
    // If they have lost each other, the next start must find out.
    if (compareGenerations(known, readGeneration(found ?? '')) !== 'together') return;
    const before = { before: found ?? '', isWritten: false };
    const drawn = { counter: (known?.counter ?? 0) + 1, value: randomUUID(), ...before };
    const next = known?.isWritten === false ? known : drawn;
    saveGeneration(state, next);
    faultPoint('domain.within-generation');
    await noteRids(this.#ledger, ldap, this.#base);
    await put(ldap, this.#base, generationText(next), found !== undefined);
    saveGeneration(state, { ...next, isWritten: true });
    this.#drawnAt = clock.monotonic();
  }
}

async function readText(ldap: LdapConnection, base: string): Promise<string | undefined> {
  const search = { scope: 'one', filter: `(cn=${NAME})`, attributes: [ATTRIBUTE] } as const;
  const [found] = await ldap.search(containerOf(base), search);
  return found && (textOf(found, ATTRIBUTE) ?? '');
}

async function put(ldap: LdapConnection, base: string, text: string, isThere: boolean): Promise<void> {
  const change = { operation: 'replace', attribute: ATTRIBUTE, values: [text] } as const;
  if (isThere) await ldap.modify(dnOf(base), [change]);
  else await ldap.add(dnOf(base), { objectClass: 'container', [ATTRIBUTE]: text });
}
