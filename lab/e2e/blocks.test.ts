import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DomainStatus as Status, DomainUserStatus as UserStatus } from '@causeway/contract';
import { type LdapConnection, openLdap, textOf } from '@causeway/ldap';
import { hostFqdn, stopDomain } from '@causeway/samba';
import { eventually as lookUntil } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { reanimateUser } from '../domains/restore.ts';
import { runClient } from '../domains/run-client.ts';
import { DOMAINS, describeDomain, krb5ConfFile, layoutOf, randomPassword } from '../domains/table.ts';
import { managedDn } from '../domains/try-ldap.ts';
import { withTicket } from '../domains/try-password.ts';
import { createUser, deleteUser, disableUser, enableUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';

// A block keeps a user out of the managed domain at once, whatever anybody else says. Other people's clients show it, and what outlives it.

const stage = await freshStage();
const { onprem, managed } = DOMAINS;
const { dnsDomain } = describeDomain(onprem);
const { host, address, caFile } = describeDomain(managed);
const run = randomBytes(2).toString('hex');
let trials: Trials;

const eventually = (what: string, look: () => Promise<boolean>) =>
  lookUntil(what, look, { patienceMs: 60_000 });

interface Someone {
  sam: string;
  upn: string;
  password: string;
}

const made: string[] = [];

async function make(name: string): Promise<Someone> {
  const sam = `${name}.${run}`;
  const who = { sam, upn: `${sam}@${dnsDomain}`, password: randomPassword() };
  await createUser(onprem, who);
  made.push(sam);
  await opens(who);
  return who;
}

const opens = (who: Someone) =>
  eventually(`${who.sam} in the managed domain`, () => trials.accepted(who, who.password));

const config = ['--config', stage.configOf('domain')];
const domain = (...args: string[]) =>
  runCliJson<{ message: string; applied: boolean }>(['domain', ...args, ...config]);
const status = ({ sam }: Someone) => stage.domainStatus<UserStatus>(sam);

/** Asserts that no protocol accepts any of these passwords, although the newest one has arrived. */
async function staysOut(who: Someone, ...older: string[]): Promise<void> {
  for (const password of [who.password, ...older])
    assert.ok(await trials.refused(who, password), `${who.sam} is in`);
}

/** Sets a new password on-premises and waits until the managed domain has it. */
async function renew(who: Someone): Promise<void> {
  const before = (await status(who)).entry!.credentialSequence;
  who.password = randomPassword();
  await setPassword(onprem, who.sam, who.password);
  await arrived(who, entry => entry.credentialSequence !== before);
}

const arrived = (who: Someone, is: (entry: NonNullable<UserStatus['entry']>) => boolean) =>
  eventually(`the ledger has what became of ${who.sam}`, async () => is((await status(who)).entry!));

async function bindAs(dn: string, password: string): Promise<LdapConnection> {
  const bind = { dn, password };
  return openLdap({ url: `ldaps://${address}`, serverName: host, caFile, bind, timeoutMs: 20_000 });
}

before(async () => {
  trials = new Trials(await stage.openAll());
});

after(async () => {
  await stage.close();
  await stopDomain(layoutOf(managed));
  for (const sam of made) await deleteUser(onprem, sam).catch(() => {});
});

test('a block closes every protocol at once, and no on-premises change opens the account', async () => {
  const anna = await make('anna');
  const first = anna.password;
  const done = await domain('block', anna.upn, '--reason', 'lost notebook');
  assert.equal(done.applied, true);
  await staysOut(anna);
  assert.deepEqual(
    [(await status(anna)).block?.reason, (await stage.domainStatus<Status>()).blocked.count],
    ['lost notebook', 1],
  );
  const shown = await runCli(['domain', 'status', anna.sam, ...config]);
  assert.match(shown.stdout, /blocked +since .* by root: lost notebook/);

  await renew(anna);
  await staysOut(anna, first);
  await stage.forcePasswordSync();
  await disableUser(onprem, anna.sam);
  await arrived(anna, entry => !entry.wantsEnabled);
  await enableUser(onprem, anna.sam);
  await arrived(anna, entry => entry.wantsEnabled);
  await staysOut(anna, first);

  await deleteUser(onprem, anna.sam);
  await arrived(anna, entry => entry.managedGuid === null);
  await reanimateUser(onprem, anna.sam);
  await arrived(anna, entry => entry.managedGuid !== null);
  await renew(anna);
  await staysOut(anna, first);

  await domain('unblock', anna.sam);
  await opens(anna);
  assert.equal((await status(anna)).block, null);
});

test('users see a block’s mark and cannot remove it, and enabling the account by hand does not last', async () => {
  const [berta, other] = [await make('berta'), await make('other')];
  await domain('block', berta.sam, '--reason', 'not for everybody');
  const dn = managedDn(managed, berta.sam);
  await using system = await openLdap({ url: { socketPath: layoutOf(managed).ldapi }, timeoutMs: 20_000 });
  const look = async (ldap: LdapConnection) => {
    const attributes = ['adminDescription', 'userAccountControl'];
    return (await ldap.search(dn, { scope: 'base', attributes }))[0]!;
  };
  await using as = await bindAs(`${managed.netbiosDomain}\\${other.sam}`, other.password);
  const mark = textOf(await look(as), 'adminDescription')!;
  assert.match(mark, /^blocked by Causeway since /);
  assert.ok(!mark.includes('not for everybody'));
  for (const someone of [dn, managedDn(managed, other.sam)]) {
    const write = as.modify(someone, [
      { operation: 'replace', attribute: 'adminDescription', values: [mark] },
    ]);
    await assert.rejects(write, /access|rights/i);
  }
  await system.modify(dn, [{ operation: 'replace', attribute: 'userAccountControl', values: ['512'] }]);
  await opens(berta);
  await stage.domain.stop();
  await stage.domain.start();
  await eventually('the start shuts it again', () => trials.refused(berta, berta.password));
  await system.modify(dn, [{ operation: 'replace', attribute: 'userAccountControl', values: ['512'] }]);
  await renew(berta);
  await eventually('the next record shuts it again', () => trials.refused(berta, berta.password));
});

test('a block can be set while the service or the managed domain is stopped', async () => {
  const [carl, dora] = [await make('carl'), await make('dora')];
  await stage.domain.stop();
  assert.equal((await domain('block', carl.sam)).applied, true);
  await staysOut(carl);
  await domain('stop');
  const { applied, message } = await domain('block', dora.sam);
  assert.equal(applied, false);
  assert.match(message, /as soon as it can be written/);
  await stage.domain.start();
  await eventually('it is applied', async () => (await status(dora)).block!.applied);
  await staysOut(dora);
  await staysOut(carl);
  for (const who of [carl, dora]) await domain('unblock', who.sam);
  await opens(carl);
  await opens(dora);
});

test('a ledger older than the block learns of it from the account', async () => {
  const emil = await make('emil');
  const ledger = join(stage.stateOf('domain'), 'ledger.db');
  const files = ['', '-wal', '-shm'].map(end => `${ledger}${end}`);
  await stage.domain.stop();
  cpSync(ledger, `${ledger}.backup`);
  await stage.domain.start();
  await domain('block', emil.sam, '--reason', 'lost notebook');
  // Soon after the start it may be in the ledger only.
  await eventually('it is on the account', async () => (await status(emil)).block!.applied);
  const { since } = (await status(emil)).block!;
  await stage.domain.stop();
  for (const file of files) rmSync(file, { force: true });
  cpSync(`${ledger}.backup`, ledger);
  await stage.domain.start();
  await renew(emil);
  await staysOut(emil);
  const { block } = await status(emil);
  assert.deepEqual([block?.since, block?.reason], [since, null]);
  await domain('unblock', emil.sam);
  await opens(emil);
});

/** An `smbclient` session that stays open, to see whether it may open another share. */
async function openSession(
  who: Someone,
): Promise<{ takes: (share: string) => Promise<boolean>; end: () => void }> {
  const flags = ['-U', `${managed.netbiosDomain}/${who.sam}`, '--configfile=/dev/null', '--use-kerberos=off'];
  const args = ['-oL', 'smbclient', `//${address}/IPC$`, ...flags];
  const child = spawn('stdbuf', args, { env: { ...process.env, PASSWD: who.password } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text;
    });
  }
  const takes = async (share: string): Promise<boolean> => {
    const from = output.length;
    const verdict = () => /tcon to \S+ successful|NT_STATUS_\w+/.exec(output.slice(from))?.[0];
    child.stdin.write(`tcon ${share}\n`);
    await eventually(`smbclient answers (${output})`, async () => verdict() !== undefined);
    return verdict()!.includes('successful');
  };
  return { takes, end: () => child.stdin.end('exit\n') };
}

test('a block stops further service tickets and renewals, and a service ticket and open connections outlive it', async () => {
  const fred = await make('fred');
  const account = { user: fred.sam, realm: managed.realm, password: fred.password, krb5Conf: krb5ConfFile() };
  await using ldap = await bindAs(`${managed.netbiosDomain}\\${fred.sam}`, fred.password);
  const options = { scope: 'base', attributes: ['cn'] } as const;
  const reads = async () => (await ldap.search(managedDn(managed, fred.sam), options)).length === 1;
  const session = await openSession(fred);
  try {
    assert.deepEqual([await session.takes('sysvol'), await reads()], [true, true]);
    await withTicket(account, async (kinit, env) => {
      const client = async (name: string, ...args: string[]) =>
        (await runClient(name, args, env, '')).code === 0;
      const ticketFor = (service: string) =>
        client('kvno', `${service}/${hostFqdn(managed)}@${managed.realm}`);
      const bySmb = () => {
        const flags = ['-I', address, '--configfile=/dev/null', '--option=client min protocol=SMB2'];
        const kerberos = ['--use-kerberos=required', `--use-krb5-ccache=${env.KRB5CCNAME}`];
        return client('smbclient', `//${hostFqdn(managed)}/IPC$`, ...flags, ...kerberos, '-c', 'exit');
      };
      assert.deepEqual([kinit.ok, await ticketFor('cifs'), await bySmb()], [true, true, true]);
      await domain('block', fred.sam);
      await staysOut(fred);
      assert.deepEqual([await ticketFor('ldap'), await ticketFor('host')], [false, false]);
      // What outlives a block as `docs/security.md` says.
      assert.deepEqual([await bySmb(), await session.takes('netlogon'), await reads()], [true, true, true]);
      assert.equal(await client('kinit', '-R'), false);
    });
  } finally {
    session.end();
  }
});
