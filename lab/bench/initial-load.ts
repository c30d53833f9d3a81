import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { MAX_PAGE, type DomainStatus as Status } from '@causeway/contract';
import { EncryptionType, type KerberosKeys } from '@causeway/credentials';
import {
  ensureStructure,
  nameWithDigits,
  newAccountDescriptor,
  planWrite,
  renderLdif,
  usersDn,
} from '@causeway/domain-services/testing';
import { ControlOid } from '@causeway/ldap';
import { baseDn, provisionDomain, runTool, stopDomain } from '@causeway/samba';
import { eventually, NotYet } from '@causeway/service/testing';
import { type Person, planPeople } from '../domains/people.ts';
import { seedOf } from '../domains/seed.ts';
import { domainDirectory, domainSettings, layoutOf } from '../domains/table.ts';
import { BENCH_DOMAINS } from './domains.ts';
import { OF_MEDIAN_RATIO, ofMedianRatio, timed } from './measure/numbers.ts';
import type { Measurement } from './measure/row.ts';
import type { Scene } from './scene.ts';

/** A page of the feed, as Domain Services says it in its log when it is written. */
interface Page {
  /** ISO 8601. */
  readonly time: string;
  readonly users: number;
  readonly failed: number;
}

/** The managed domain is as it was made: empty, with the keys that passwords are sealed to. */
async function empty({ stage, managed }: Scene): Promise<void> {
  await stage.domain.stop();
  await stopDomain(layoutOf(managed));
  for (const [name, now] of [
    ['ledger', stage.stateOf('domain')],
    ['samba', domainDirectory(managed)],
  ] as const) {
    const made = stage.stateOf(`${name}-as-made`);
    if (!existsSync(made)) {
      await copy(now, made); // it was never started
      continue;
    }
    await rm(now, { recursive: true, force: true });
    await copy(made, now);
  }
}

/** With all that Samba keeps beside a file's content. */
const copy = (from: string, to: string): Promise<string> => runTool('cp', ['--archive', from, to]);

/** Domain Services starts with an empty domain and writes what the tenant has. @returns its pages */
async function loadDomain(scene: Scene, users: number): Promise<Page[]> {
  const { ground, stage } = scene;
  ground.report(`starting Domain Services: ${users} people into an empty domain`);
  const since = new Date().toISOString();
  await stage.domain.start();
  const look = async (): Promise<boolean | NotYet> => {
    const status = await stage.domainStatus<Status>();
    const { withCredential } = status.accounts;
    return (
      (withCredential >= users && !status.feed.reportsWaiting) ||
      new NotYet(`${withCredential} of ${users} people`)
    );
  };
  const patience = { patienceMs: scene.patienceMs, lookMs: 3000 };
  await eventually('everybody is in the managed domain', look, patience);
  return stage
    .readLog('domain')
    .split('\n')
    .filter(line => line.includes('"page applied"'))
    .map(line => JSON.parse(line) as Page)
    .filter(({ time }) => time >= since);
}

/**
 * Domain Services loads an empty domain with everybody; before and after it, `ldbmodify` alone does the same: the machine's own speed
 * drifts, and the middle counts. The first page is left out on both sides: it also waits for the domain controller to start.
 * The last round's domain stays.
 *
 * @param users who have a credential record
 * @param count people of each forest
 */
export async function measureLoad(
  name: string,
  scene: Scene,
  users: number,
  count: number,
): Promise<Measurement> {
  const { ground, forests } = scene;
  const people = forests.flatMap(forest => planPeople(forest, count, seedOf(forest)));
  const byLdbmodify = (when: string): Promise<number> => {
    ground.report(`${people.length} people by ldbmodify alone, ${when}`);
    return loadByLdbmodify(people);
  };
  const rounds: { ours: number; yardstick: number; ratio: number }[] = [];
  let before = await byLdbmodify('before');
  while (rounds.length < ground.rounds) {
    await empty(scene);
    const ours = rateOf(await loadDomain(scene, users), ground.trial);
    const after = await byLdbmodify('after');
    const yardstick = (before + after) / 2;
    rounds.push({ ours, yardstick, ratio: ours / yardstick });
    before = after;
  }
  const { ours, yardstick } = ofMedianRatio(rounds);
  return {
    name,
    value: ours * 1000,
    unit: 'users/s',
    against: `ldbmodify alone, before and after: the same changes, batches of ${MAX_PAGE}; ${OF_MEDIAN_RATIO}`,
    yardstick: yardstick * 1000,
    budget: { of: 'ratio', atLeast: 0.8 },
  };
}

/** @returns users a millisecond, without the first page; not a number when a trial has but one */
function rateOf(pages: readonly Page[], trial: boolean): number {
  const failed = pages.reduce((sum, page) => sum + page.failed, 0);
  const whole = pages.filter(page => page.users === MAX_PAGE);
  if (failed > 0 || (whole.length < 3 && !trial))
    throw new Error(
      `three whole pages without a failure are needed, there were ${whole.length} with ${failed}: no initial load to measure`,
    );
  const [first, last] = [pages[0]!, pages.at(-1)!];
  const users = pages.slice(1).reduce((sum, page) => sum + page.users, 0);
  return users / (Date.parse(last.time) - Date.parse(first.time));
}

/** @returns users a millisecond, without the first batch */
async function loadByLdbmodify(people: readonly Person[]): Promise<number> {
  const domain = BENCH_DOMAINS.yardstick;
  const layout = layoutOf(domain);
  await rm(layout.directory, { recursive: true, force: true });
  await provisionDomain(domainSettings(domain));
  await ensureStructure(layout);
  const common = ['-H', layout.samLdb, `--configfile=${layout.smbConf}`];
  const control = `--controls=local_oid:${ControlOid.bypassPasswordHash}:0`;
  const flags = [...common, control, '-o', 'batch_mode:1'];
  const sid = `S-1-5-21-${[1, 2, 3].map(() => randomBytes(4).readUInt32LE()).join('-')}`;
  const schema = `CN=User,CN=Schema,CN=Configuration,${baseDn(domain)}`;
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
  const taken = new Set<string>();
  let [users, ms] = [0, 0];
  for (let at = 0; at < people.length; at += MAX_PAGE) {
    const writes = people
      .slice(at, at + MAX_PAGE)
      .map((person, i) =>
        planPerson(person, `${sid}-${1100 + at + i}`, { users: usersDn(domain), descriptor, taken }),
      );
    const { ldif } = renderLdif(writes);
    const run = await timed(() => runTool('ldbmodify', flags, { input: ldif }));
    if (at === 0) continue;
    users += writes.length;
    ms += run.ms;
  }
  return users / ms;
}

/** What Domain Services writes for a person, with random keys; the second of two people with one name gets another one. */
function planPerson(
  person: Person,
  objectSid: string,
  { users, descriptor, taken }: { users: string; descriptor: Uint8Array; taken: Set<string> },
) {
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
    names: { samAccountName, userPrincipalName: person.upn, keepsDigits: false, digitsKey: null },
    profile: {
      displayName: person.displayName ?? null,
      givenName: person.givenName ?? null,
      surname: person.surname ?? null,
      mail: person.mail ?? null,
      ...{ department: null, jobTitle: null, telephoneNumber: null, mobile: null },
    },
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
  return planWrite(undefined, parts, context).write;
}

function randomKeys(person: Person): KerberosKeys {
  const key = (enctype: number, length: number) => ({ enctype, key: randomBytes(length) });
  const keys = [key(EncryptionType.aes256, 32), key(EncryptionType.aes128, 16)];
  return { salt: `${BENCH_DOMAINS.onprem.realm}${person.sam}`, iterations: 4096, keys };
}
