import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LdbModify, renderLdif as renderWrites } from '@causeway/domain-services/testing';
import { decodeGuid } from '@causeway/ldap';
import { baseDn, runTool } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { renderLdif } from '../domains/ldif.ts';
import { labUp } from '../domains/lifecycle.ts';
import { DOMAINS, layoutOf } from '../domains/table.ts';
import { createUser, deleteUser, readAttribute } from '../domains/users.ts';

// `ldbmodify`, started before there is anything to write, on the database of a running domain.

await labUp();
const layout = layoutOf(DOMAINS.onprem);
const guests = `CN=Guests,CN=Builtin,${baseDn(DOMAINS.onprem)}`;
const ldbModify = new LdbModify(layout);
after(() => ldbModify.release());

const ldif = (description: string, dn = guests): Buffer =>
  Buffer.from(renderLdif([{ dn, change: 'modify', replace: { description: [description] } }]));

async function description(): Promise<string | undefined> {
  const args = [
    '-H',
    layout.samLdb,
    `--configfile=${layout.smbConf}`,
    '-s',
    'base',
    '-b',
    guests,
    'description',
  ];
  const unfolded = (await runTool('ldbsearch', args)).replaceAll('\n ', '');
  return /^description: (.*)$/m.exec(unfolded)?.[1];
}

const fifos = (): string[] => readdirSync(layout.privateDir).filter(name => name.startsWith('changes-for-'));

/** Processes whose command line names one of our FIFOs. They wait for it. */
function waiting(): string[] {
  return readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return command.startsWith('ldbmodify') && command.includes(layout.privateDir);
    } catch {
      return false; // it has ended
    }
  });
}

test('a prepared process locks nothing while it waits, and writes what comes', async () => {
  ldbModify.prepare();
  ldbModify.prepare();
  await eventually('one waits', async () => waiting().length === 1);
  await delay(500);
  await new LdbModify(layout).write(ldif('written meanwhile'));
  assert.equal(await description(), 'written meanwhile');
  await ldbModify.write(ldif('written by the one that waited'));
  assert.equal(await description(), 'written by the one that waited');
  assert.deepEqual([waiting(), fifos()], [[], []]);
});

test('the next process can start while one writes', async () => {
  ldbModify.prepare();
  const writing = ldbModify.write(ldif('the first'));
  ldbModify.prepare();
  await writing;
  await eventually('the next one waits', async () => waiting().length === 1);
  await ldbModify.write(ldif('the second'));
  assert.equal(await description(), 'the second');
  assert.deepEqual(fifos(), []);
});

test('a waiting process ends if nothing may be changed', async () => {
  const refusing = new LdbModify(layout, () => Promise.reject(new Error('the directory does not answer')));
  refusing.prepare();
  await eventually('one waits', async () => waiting().length === 1);
  await assert.rejects(refusing.write(ldif('refused')), /does not answer/);
  assert.deepEqual(waiting(), []);
  assert.deepEqual(fifos(), []);
});

test('writes changes larger than a pipe, and reports changes that fail', async () => {
  const long = 'x'.repeat(1000);
  await ldbModify.write(
    Buffer.concat(Array.from({ length: 300 }, () => [ldif(long), Buffer.from('\n')]).flat()),
  );
  assert.equal(await description(), long);
  ldbModify.prepare();
  const nobody = Buffer.concat([ldif('not written'), Buffer.from('\n'), ldif('x', `CN=Nobody,${guests}`)]);
  await assert.rejects(ldbModify.write(nobody), /CN=Nobody.* at block before line \d+/);
  assert.equal(await description(), long);
});

test('writes a manager by objectGUID as a link, which OpenLDAP reads from both ends, and removes it', async () => {
  const { onprem } = DOMAINS;
  await using staff = await bossAndReport();
  const guidOf = async (dn: string) =>
    decodeGuid(Buffer.from((await readAttribute(onprem, dn, 'objectGUID'))!, 'base64'));
  const [boss, report] = await Promise.all([staff.boss, staff.report].map(guidOf));
  const write = (values: string[]) =>
    ldbModify.write(renderWrites([{ kind: 'modify', guid: report!, values: { manager: values } }]).ldif);
  const both = async () => [
    await readAttribute(onprem, staff.report, 'manager'),
    await readAttribute(onprem, staff.boss, 'directReports'),
  ];
  await write([`<GUID=${boss}>`]);
  assert.deepEqual(await both(), [staff.boss, staff.report]);
  await write([]);
  assert.deepEqual(await both(), [undefined, undefined]);
});

/** Two users of the test alone. */
async function bossAndReport(): Promise<AsyncDisposable & Record<'boss' | 'report', string>> {
  const { onprem } = DOMAINS;
  const run = randomBytes(3).toString('hex');
  const boss = await createUser(onprem, { sam: `boss.${run}` });
  const report = await createUser(onprem, { sam: `report.${run}` });
  const dispose = async () => {
    for (const dn of [boss, report]) await deleteUser(onprem, dn);
  };
  return { boss, report, [Symbol.asyncDispose]: dispose };
}

test('replaces a process that ended while it waited', async () => {
  ldbModify.prepare();
  await eventually('one waits', async () => waiting().length === 1);
  process.kill(Number(waiting()[0]), 'SIGKILL');
  await eventually('it has ended', async () => waiting().length === 0);
  await ldbModify.write(ldif('written by another one'));
  assert.equal(await description(), 'written by another one');
});

test('a released process ends, and the next service ends what a killed one left', async () => {
  ldbModify.prepare();
  await ldbModify.release();
  assert.deepEqual([waiting(), fifos()], [[], []]);

  const script = `import { LdbModify } from '@causeway/domain-services/testing';
    new LdbModify({ directory: ${JSON.stringify(layout.directory)} }).prepare();
    setInterval(() => {}, 1000);`;
  const service = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  await eventually('it has started one', async () => waiting().length === 1);
  await delay(500);
  service.kill('SIGKILL');
  await once(service, 'exit');
  assert.equal(waiting().length, 1);
  const next = LdbModify.open(layout);
  await eventually('it has ended', async () => waiting().length === 0);
  assert.deepEqual(fifos(), []);
  await next.write(ldif('and the next one writes'));
  assert.equal(await description(), 'and the next one writes');
});
