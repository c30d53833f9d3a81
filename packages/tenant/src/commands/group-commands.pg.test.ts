import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { writePrivateFile } from '@causeway/service';
import { insertGroup, insertMemberships } from '../testing/group-rows.ts';
import { runTenantCommand } from '../testing/run-command.ts';
import { startTestTenant, type TestTenant } from '../testing/test-tenant.ts';

const ADMIN = 'admin@contoso.example.net';
let tenant: TestTenant;
let tenantId: string;
let remote: string[];

before(async () => {
  tenant = await startTestTenant('pglite');
  const { created } = await tenant.createTenant('contoso');
  tenantId = created.tenantId;
  const tokenFile = join(tenant.stateDirectory, 'token');
  writePrivateFile(tokenFile, `${created.token}\n`);
  remote = ['--tenant', tenant.url, '--token-file', tokenFile];
});
after(() => tenant.close());

const run = (...args: string[]) => runTenantCommand([...args, ...remote]);
async function says(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

it("makes, fills, nests, shows, empties and deletes the tenant's own groups", async () => {
  const id = /is made: (\S+)/.exec(await says('groups', 'create', 'Project'))![1]!;
  await says('groups', 'create', 'Team');
  assert.match(await says('groups', 'add', 'Project', ADMIN), /admin@contoso\S+ is a member of 'Project'/);
  assert.match(await says('groups', 'add', 'Team', id, '--group'), /Project is a member of 'Team'/);
  assert.match(await says('groups', 'rename', id, 'Projects'), /is called 'Projects'/);
  const direct = await says('groups', 'members', 'Team');
  assert.match(direct, new RegExp(`${id} +group +Projects`));
  assert.doesNotMatch(direct, /admin@/);
  assert.match(await says('groups', 'members', 'Team', '--nested'), /user +admin@contoso/);
  assert.doesNotMatch(await says('groups', 'of-user', ADMIN), /Team/);
  assert.match(
    await says('groups', 'of-user', ADMIN, '--nested', '--security'),
    /Projects.*\n.* Team +tenant's own/,
  );
  assert.match(
    await says('groups', 'remove', 'Team', 'Projects', '--group'),
    /is no member of 'Team' any more/,
  );
  assert.match(await says('groups', 'remove', 'Projects', ADMIN), /is no member/);
  assert.match(await says('groups', 'delete', 'Projects'), /group 'Projects' is deleted/);
  assert.doesNotMatch(await says('groups'), /Projects/);
});

it('shows synchronized groups, with members that are not here, and says where to change them', async () => {
  const columns = { mail: 'it@example.com', security_enabled: false };
  const id = await insertGroup(tenant.running.database, tenantId, 'IT', columns);
  await insertMemberships(tenant.running.database, tenantId, id, ['S-1-5-21-1-2-3-4444']);
  assert.match(await says('groups', 'list', '--search', 'it@'), /IT +corp\.example\.com +distribution +IT/);
  assert.match(await says('groups', 'show', 'it'), /origin +corp\.example\.com, \S+: change it there/);
  assert.match(await says('groups', 'members', 'IT'), /- +nobody here +S-1-5-21-1-2-3-4444/);
  const refused = await run('groups', 'add', 'IT', ADMIN);
  assert.deepEqual([refused.code, /synchronized from corp\.example\.com/.test(refused.stderr)], [1, true]);
});

it("registers an application for a group's members, which receives groups, and changes both", async () => {
  await says('groups', 'create', 'Staff');
  const there = ['--redirect-uri', 'https://portal.example.net/callback'];
  const more = ['--groups', 'names', '--for-group', 'Staff'];
  const made = await says('app', 'register', '--name', 'portal', ...there, ...more);
  const id = /client id +(\S+)/.exec(made)![1]!;
  assert.match(await says('app', 'list'), /portal +no +Staff +names /);
  await says('groups', 'delete', 'Staff');
  assert.match(await says('app', 'list'), /NOBODY: Staff is gone/);
  const set = await says('app', 'set', id, '--for-everybody', '--groups', 'none');
  assert.match(set, /for +everybody\ngroups +none/);
  for (const args of [[], ['--for-everybody', '--for-group', 'x'], ['--for-group', 'Nobodies']])
    assert.equal((await run('app', 'set', id, ...args)).code, 1);
  const unknown = await run('app', 'set', '00000000-0000-4000-8000-000000000000', '--groups', 'ids');
  assert.match(unknown.stderr, /no application has this client id/);
});
