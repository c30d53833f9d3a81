import { randomBytes, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { decideProfile } from '@causeway/connect/testing';
import { MAX_PAGE, type Profile } from '@causeway/contract';
import { EncryptionType, type KerberosKeys } from '@causeway/credentials';
import {
  type Add,
  ensureStructure,
  nameWithDigits,
  newAccountDescriptor,
  newContainer,
  newShadow,
  planWrite,
  protectedDescriptor,
  renderLdif,
  usersDn,
} from '@causeway/domain-services/testing';
import { ControlOid } from '@causeway/ldap';
import { baseDn, provisionDomain, runTool } from '@causeway/samba';
import type { Person } from '../domains/people.ts';
import { domainSettings, layoutOf } from '../domains/table.ts';
import { describing } from '../domains/users.ts';
import { BENCH_DOMAINS } from './domains.ts';
import { timed } from './measure/numbers.ts';

/**
 * Writes the same into an equal domain, by `ldbmodify` alone.
 * @param withSids also a group with the on-premises SID of each of them
 * @returns users per millisecond, without the first batch; the groups of all of them count
 */
export async function loadByLdbmodify(people: readonly Person[], withSids: boolean): Promise<number> {
  const domain = BENCH_DOMAINS.yardstick;
  const layout = layoutOf(domain);
  await rm(layout.directory, { recursive: true, force: true });
  await provisionDomain(domainSettings(domain));
  await ensureStructure(layout);
  const common = ['-H', layout.samLdb, `--configfile=${layout.smbConf}`];
  const control = `--controls=local_oid:${ControlOid.bypassPasswordHash}:0`;
  const flags = [...common, control, '-o', 'batch_mode:1'];
  const sid = `S-1-5-21-${[1, 2, 3].map(() => randomBytes(4).readUInt32LE()).join('-')}`;
  const base = baseDn(domain);
  const schema = `CN=User,CN=Schema,CN=Configuration,${base}`;
  const found = await runTool('ldbsearch', [
    ...common,
    '-b',
    schema,
    '-s',
    'base',
    'defaultSecurityDescriptor',
  ]);
  const sddl = /^defaultSecurityDescriptor: (.*)$/m.exec(found.replaceAll('\n ', ''))![1]!;
  const descriptor = newAccountDescriptor(sddl, sid);
  const ofSids = protectedDescriptor(sid);
  /** @returns milliseconds */
  const write = async (writes: readonly Add[]): Promise<number> => {
    const input = renderLdif(writes).ldif;
    return (await timed(() => runTool('ldbmodify', flags, { input }))).ms;
  };
  if (withSids) await write([newContainer(base, ofSids)]);
  const taken = new Set<string>();
  let [users, ms] = [0, 0];
  for (let at = 0; at < people.length; at += MAX_PAGE) {
    const batch = people.slice(at, at + MAX_PAGE).map((person, i) => {
      const objectSid = `${sid}-${1100 + at + i}`;
      return {
        objectSid,
        add: planPerson(person, objectSid, { users: usersDn(domain), descriptor, taken, withSids }),
      };
    });
    const took = await write(batch.map(({ add }) => add));
    if (at > 0) {
      users += batch.length;
      ms += took;
    }
    if (withSids)
      ms += await write(batch.map(({ objectSid, add }) => newShadow(objectSid, add.dn, base, ofSids)));
  }
  return users / ms;
}

/** What Domain Services writes for a person, with random keys. The second of two namesakes gets another name. */
function planPerson(
  person: Person,
  objectSid: string,
  {
    users,
    descriptor,
    taken,
    withSids,
  }: { users: string; descriptor: Uint8Array; taken: Set<string>; withSids: boolean },
): Add {
  const sourceAnchor = randomBytes(16).toString('base64');
  const fits = person.sam.length <= 20 && !taken.has(person.sam);
  const samAccountName = fits ? person.sam : nameWithDigits(person.sam, sourceAnchor);
  taken.add(samAccountName);
  const identity = {
    tenant: randomUUID(),
    forest: 'bench.example.com',
    sourceAnchor,
    objectGuid: randomUUID(),
    sequence: 1,
    signerKeyId: '',
    digest: '',
  };
  const account = {
    record: {
      ...identity,
      kind: 'account' as const,
      userPrincipalName: person.upn,
      sAMAccountName: person.sam,
      objectSid,
      enabled: person.enabled !== false,
      accountExpires: null,
      deleted: false,
    },
    sidRefused: false,
    sid: withSids ? objectSid : null,
    names: { samAccountName, userPrincipalName: person.upn, keepsDigits: false, digitsKey: null },
    profile: profileOf(person),
  };
  const credential = {
    record: {
      ...identity,
      kind: 'credential' as const,
      passwordOrder: { version: 1, originatingTime: 0, originatingInvocationId: randomUUID() },
      mustChange: false,
      recipientKeyId: '',
      counter: 0,
      ...{ encapsulationDigest: '', encapsulation: '' },
      sealed: '',
    },
    secret: { ntHash: randomBytes(16), kerberosKeys: randomKeys(person) },
  };
  const sent = person.password !== undefined && !person.mustChange;
  const parts = { account, ...(sent && { credential }) };
  const context = {
    ...{ users, descriptor, now: new Date(), random: randomBytes, newNonce: randomUUID },
    blockOf: () => undefined,
  };
  const { write } = planWrite(undefined, parts, context);
  if (write.kind !== 'add') throw new Error('whoever is new is added');
  return write;
}

/** As the tenant shows it. Domain Services writes the manager separately, when both accounts exist. */
function profileOf(person: Person): Profile {
  const { manager: _, ...attributes } = describing(person);
  return decideProfile(attributes, { extensions: [] }).profile;
}

function randomKeys(person: Person): KerberosKeys {
  const key = (enctype: number, length: number) => ({ enctype, key: randomBytes(length) });
  const keys = [key(EncryptionType.aes256, 32), key(EncryptionType.aes128, 16)];
  return { salt: `${BENCH_DOMAINS.onprem.realm}${person.sam}`, iterations: 4096, keys };
}
