import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  AAD_DC_ADMINISTRATORS,
  type ListedAdministrator,
  type DomainStatus as Status,
  type DomainUserStatus as UserStatus,
} from '@causeway/contract';
import { stopDomain } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { DOMAINS, describeDomain, layoutOf, randomPassword } from '../domains/table.ts';
import { createUser, deleteUser, renameUser } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';

// Who administers the managed domain: the tenant's group proposes, and an administrator on the managed domain's machine accepts.

const { onprem, managed } = DOMAINS;
const stage = await freshStage({ databaseUrl: process.env.DATABASE_URL, headIntervalMs: 300 });
const sam = `ada.${randomBytes(2).toString('hex')}`;
const upn = `${sam}@${describeDomain(onprem).dnsDomain}`;
let dn: string | undefined;

const group = (verb: 'add' | 'remove', user: string) =>
  runCliJson(['tenant', 'group', verb, AAD_DC_ADMINISTRATORS, user, ...stage.remote]);
const administrators = (...args: string[]) => [
  ...['domain', 'administrators', ...args, '--config', stage.configOf('domain')],
];
const accept = (...args: string[]) => runCli(administrators('accept', ...args));

async function find(name: string): Promise<ListedAdministrator | undefined> {
  const list = await runCliJson<{ administrators: ListedAdministrator[] }>(administrators());
  return list.administrators.find(one => one.name === name);
}

const becomes = (name: string, state: ListedAdministrator['state'] | undefined) =>
  eventually(`${name} ${state ?? 'not proposed'}`, async () => (await find(name))?.state === state);

before(async () => {
  await stage.openAll();
  dn = await createUser(onprem, { sam, upn, password: randomPassword() });
  await eventually(`${upn} in the managed domain`, async () =>
    stage.domainStatus<UserStatus>(upn).then(
      ({ entry }) => entry?.accountAt != null,
      () => false,
    ),
  );
});

after(async () => {
  await stage.close();
  await stopDomain(layoutOf(managed));
  if (dn !== undefined) await deleteUser(onprem, dn).catch(() => {});
});

test('a member is proposed, accepted, removed and added again, and then needs a new acceptance', async () => {
  const early = await accept(upn, '--yes');
  assert.match(early.stderr, /the tenant does not propose ada\..*causeway tenant group add/s);
  await group('add', upn);
  await becomes(upn, 'proposed');
  const asked = await accept(upn);
  assert.equal(asked.code, 1);
  assert.match(
    asked.stderr,
    new RegExp(`user +${upn}\n.*pinned to +[0-9a-f-]{36} of corp\\.example\\.com`, 's'),
  );
  assert.match(asked.stderr, /nothing was changed: there is no terminal to ask at/);
  assert.match(
    (await accept(upn, '--yes')).stdout,
    /^accepted as an administrator of the managed domain: ada/,
  );
  await becomes(upn, 'accepted');

  await group('remove', upn);
  await becomes(upn, undefined);
  await group('add', upn);
  await becomes(upn, 'proposed');
  await accept(sam, '--yes');
  await becomes(upn, 'accepted');
  await runCliJson(administrators('remove', upn));
  assert.equal((await find(upn))?.state, 'proposed');
  const { audit, administrators: counts } = await stage.domainStatus<Status>();
  assert.deepEqual(
    audit.slice(0, 4).map(({ action }) => action),
    [...['remove-administrator', 'accept-administrator', 'administrator-ended', 'accept-administrator']],
  );
  // The tenant's first administrator became a member when they made the managed domain.
  assert.deepEqual([counts.accepted, counts.waiting], [0, 2]);
});

test('accepting a cloud-only user requires confirming that the tenant then administers the domain', async () => {
  const list = await runCliJson<{ administrators: ListedAdministrator[] }>(administrators());
  const { anchor } = list.administrators.find(({ cloudOnly }) => cloudOnly)!;
  const refused = await accept(anchor, '--yes');
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /is a cloud-only user: .* the tenant then administers the domain\n.*--cloud-only/s,
  );
  const accepted = await accept(anchor, '--cloud-only', '--yes');
  assert.match(accepted.stderr, /This is a cloud-only person: .* so the tenant then administers the domain/);
  assert.match((await runCli(administrators())).stdout, new RegExp(`accepted .*\\(cloud-only\\) +${anchor}`));
  await runCliJson(administrators('remove', anchor));
});

test('an acceptance follows the user through a rename and ends when the user is deleted', async () => {
  await accept(upn, '--yes');
  const renamed = `new.${upn}`;
  await renameUser(onprem, sam, { upn: renamed });
  await becomes(renamed, 'accepted');
  assert.equal((await find(renamed))!.acceptedAs, upn);
  await deleteUser(onprem, dn!);
  await becomes(renamed, undefined);
  await eventually('the end in the audit trail', async () => {
    const { audit } = await stage.domainStatus<Status>();
    return audit.some(({ action, detail }) => action === 'administrator-ended' && detail.startsWith(upn));
  });
});
