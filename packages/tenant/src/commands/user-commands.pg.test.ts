import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { writePrivateFile } from '@causeway/service';
import { runTenantCommand } from '../testing/run-command.ts';
import { startTestTenant, type TestTenant } from '../testing/test-tenant.ts';

const GROUP = 'AAD DC Administrators';
const ADMIN = 'admin@contoso.example.net';
const UPN = 'carla@contoso.example';
let tenant: TestTenant;
let remote: string[];

before(async () => {
  tenant = await startTestTenant('pglite');
  const { created } = await tenant.createTenant('contoso');
  const tokenFile = join(tenant.stateDirectory, 'token');
  writePrivateFile(tokenFile, `${created.token}\n`);
  remote = ['--tenant', tenant.url, '--token-file', tokenFile];
});
after(() => tenant.close());

async function says(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runTenantCommand([...args, ...remote]);
  assert.equal(code, 0, stderr);
  return stdout;
}

it('makes, resets, disables, enables, lists and deletes cloud-only users', async () => {
  assert.match(await says('user', 'create', UPN), /password {2}\S{20} {2}\(shown once/);
  const reset = JSON.parse(await says('user', 'reset-password', UPN, '--json')) as Record<string, string>;
  assert.equal(reset.temporaryPassword?.length, 20);
  assert.match(await says('user', 'disable', UPN), /carla@contoso\.example is disabled/);
  const line = /carla@contoso\.example +cloud-only +disabled +none: has to change the temporary password/;
  assert.match(await says('users', '--missing', 'legacy'), line);
  assert.match(await says('user', 'enable', UPN), /is enabled/);
  assert.match(await says('status', UPN), /origin +cloud-only\n.*\n.*\npassword +temporary, of /);
  assert.match(await says('user', 'delete', UPN), /is deleted/);
  assert.doesNotMatch(await says('users'), /carla/);
  const gone = await runTenantCommand(['user', 'delete', UPN, ...remote]);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /no user has this id/);
});

it('shows and changes who is in a group, and shows who is asking', async () => {
  assert.match(await says('group', 'add', GROUP, ADMIN), /is a member of 'AAD DC Administrators'/);
  assert.match(await says('group', 'members', GROUP), /admin@contoso\.example\.net/);
  assert.match(await says('me'), /user +admin@contoso\.example\.net \(.*\)\ngroups +AAD DC Administrators/);
  const none = await runTenantCommand(['withdraw-domain', ...remote]);
  assert.match(none.stderr, /this tenant has no managed domain/);
  await says('group', 'remove', GROUP, ADMIN);
  const refused = await runTenantCommand(['withdraw-domain', ...remote]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /members of 'AAD DC Administrators'/);
  assert.match(await says('fingerprint'), /^([A-Z2-7]{4}-){12}[A-Z2-7]{4}\n$/);
});

it('blocks and unblocks a user, and shows that', async () => {
  await says('user', 'create', 'dora@contoso.example');
  assert.match(await says('user', 'block', 'dora@contoso.example'), /is blocked: web sign-in and sessions/);
  assert.match(
    await says('status', 'dora@contoso.example'),
    /account +enabled, BLOCKED at web sign-in since /,
  );
  assert.match(await says('users'), /dora@contoso\.example +cloud-only +blocked/);
  assert.match(await says('status'), /blocked +1, as this database has it/);
  assert.match(await says('user', 'unblock', 'dora@contoso.example'), /is not blocked any more/);
  assert.doesNotMatch(await says('status', 'dora@contoso.example'), /BLOCKED/);
});

it('adds, lists and removes administrators, and lists and revokes tokens', async () => {
  await says('user', 'create', 'erik@contoso.example');
  assert.match(await says('administrator', 'add', 'erik@contoso.example'), /is an administrator/);
  assert.match(await says('administrator', 'list'), /erik@contoso\.example +able +0/);
  const made = [
    'token',
    'contoso',
    '--admin',
    'erik@contoso.example',
    '--state',
    tenant.stateDirectory,
    '--token-out',
    join(tenant.stateDirectory, 'erik'),
  ];
  assert.equal((await runTenantCommand(made)).code, 0);
  assert.match(await says('tokens'), /admin@contoso\.example\.net .* this one\n/);
  const tokens = JSON.parse(await says('tokens', 'list', '--json')) as {
    id: string;
    administrator: string;
  }[];
  const { id } = tokens.find(one => one.administrator === 'erik@contoso.example')!;
  assert.match(await says('tokens', 'revoke', id), /is revoked/);
  assert.match(await says('administrator', 'remove', 'erik@contoso.example'), /is no administrator any more/);
  const own = await runTenantCommand(['administrator', 'remove', ADMIN, ...remote]);
  assert.deepEqual([own.code, /your own account/.test(own.stderr)], [1, true]);
});

it('registers applications, with a secret or without, lists and removes them', async () => {
  const there = ['--redirect-uri', 'https://portal.example.net/callback'];
  assert.doesNotMatch(await says('app', 'register', '--name', 'open', ...there), /client secret/);
  const said = await says('app', 'register', '--name', 'portal', '--secret', ...there);
  assert.match(said, /client secret +\S{43} {2}\(shown once/);
  const id = /client id +(\S+)/.exec(said)![1]!;
  assert.match(await says('app', 'list'), new RegExp(`${id} +portal +yes .* https://portal`));
  assert.match(await says('app', 'remove', id), /is removed/);
  assert.doesNotMatch(await says('app', 'list'), /portal +yes/);
});
