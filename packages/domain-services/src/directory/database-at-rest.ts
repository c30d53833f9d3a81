import { baseDn, type DomainPlace, readDomain } from '@causeway/samba';
import { describeError } from '@causeway/service';
import type { Ledger } from '../ledger/ledger.ts';
import { writeInBulk } from './bulk.ts';
import { findGeneration, putGeneration } from './generations.ts';
import { LdbModify } from './ldb-modify.ts';
import { ldbSearch } from './ldb-tools.ts';
import { renderLdif } from './ldif.ts';
import { raiseRids } from './rid-pools.ts';
import { ADMINISTRATORS_GROUP, usersDn } from './structure.ts';
import type { Write, WriteResult } from './write.ts';

/** The directory's database before the domain serves anybody: all that has to be known of it, or written, until then. */
export interface DatabaseAtRest {
  readonly realm: string;
  /** The text of the generation that stands in it; undefined where none does. */
  generation(): Promise<string | undefined>;
  putGeneration(text: string, isThere: boolean): Promise<void>;
  /** objectGUIDs of all accounts of people. */
  people(): Promise<ReadonlySet<string>>;
  /** objectGUIDs of the members of the administrators' group. */
  administrators(): Promise<ReadonlySet<string>>;
  /** @param slow hears of a batch that has to be written one by one, and why */
  write(writes: readonly Write[], slow: (writes: number, reason: string) => void): Promise<WriteResult[]>;
  /** Takes the RIDs out of use that may have been given away after the database's day. */
  raiseRids(ledger: Ledger): Promise<void>;
}

/** The same of a Samba domain, by the tools on its database. */
export function databaseAtRest(place: DomainPlace): DatabaseAtRest {
  const description = readDomain(place);
  const ldbModify = new LdbModify(place);
  return {
    realm: description.realm,
    generation: () => findGeneration(place),
    putGeneration: (text, isThere) => putGeneration(place, text, isThere),
    people: async () => {
      const filter = '(&(objectCategory=person)(objectClass=user))';
      const found = await ldbSearch(place, baseDn(description), { filter }, ['objectGUID']);
      return new Set(found.map(object => object.get('objectGUID')![0]!));
    },
    administrators: async () => {
      const search = { scope: 'one', filter: `(cn=${ADMINISTRATORS_GROUP})`, controls: ['extended_dn:1:1'] };
      const [group] = await ldbSearch(place, usersDn(description), search, ['member']);
      const members = group?.get('member') ?? [];
      return new Set(members.flatMap(member => /^<GUID=([0-9a-f-]{36})>/i.exec(member)?.[1] ?? []));
    },
    write: (writes, slow) => writeInBulk(ldbModify, writes, write => writeOne(ldbModify, write), slow),
    raiseRids: ledger => raiseRids(ledger, place),
  };
}

async function writeOne(ldbModify: LdbModify, write: Write): Promise<WriteResult> {
  try {
    await ldbModify.write(renderLdif([write]).ldif);
    return { ok: true };
  } catch (error) {
    return { ok: false, gone: false, reason: describeError(error) };
  }
}
