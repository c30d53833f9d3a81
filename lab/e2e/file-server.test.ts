import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { OnPremisesSids } from '@causeway/contract';
import { eventually } from '@causeway/service/testing';
import { decodeSid } from '@causeway/wire';
import { Machine } from '../domains/machine.ts';
import { seededUser } from '../domains/seed.ts';
import { administratorPassword, DOMAINS, describeDomain, krb5ConfFile } from '../domains/table.ts';
import { tryKinit } from '../domains/try-password.ts';
import { readAttribute } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCliJson } from '../places/run-cli.ts';
import { playDocument } from '../tutorial/play.ts';
import { TutorialShell } from '../tutorial/shell.ts';

// Plays docs/file-server.md on a machine of the lab that has a file of the old domain, with the access list that it had there.

const DOCUMENT = 'docs/file-server.md';
const { onprem, managed } = DOMAINS;
const stage = await freshStage({ dns: 'internal', headIntervalMs: 1_000 });
const shell = new TutorialShell();
const config = ['--config', stage.configOf('domain')];
const sidOfAlice = decodeSid(Buffer.from((await readAttribute(onprem, 'alice', 'objectSid'))!, 'base64'));
const oldDomain = sidOfAlice.slice(0, sidOfAlice.lastIndexOf('-'));

/** Writes an access list as Samba keeps it, without resolving the SIDs in it. */
const KEEP_LIST = `/usr/bin/python3 - /srv/files/report.txt \\
  'O:BAG:BAD:P(A;;0x1f01ff;;;BA)(A;;0x1200a9;;;${sidOfAlice})(A;;0x1f01ff;;;${oldDomain}-512)' <<'END'
import os, sys
from samba.dcerpc import security, xattr
from samba.ndr import ndr_pack
kept = xattr.NTACL()
kept.version = 1
kept.info = security.descriptor.from_sddl(sys.argv[2], security.dom_sid("S-1-5-32"))
os.setxattr(sys.argv[1], xattr.XATTR_NTACL_NAME, ndr_pack(kept))
END`;

/** Replaces the page's examples, and what needs systemd. */
const HERE: readonly (readonly [string, string])[] = [
  ['10.0.0.4', managed.address],
  ['10.0.0.5', '127.0.0.40'],
  ['S-1-5-21-1004336348-1177238915-682003330-1104', sidOfAlice],
  ['S-1-5-21-1004336348-1177238915-682003330', oldDomain],
  // Machines of the lab share one network, so each binds only to its own address.
  ['[global]\n', '[global]\n\tinterfaces = 127.0.0.40/8\n\tbind interfaces only = yes\n'],
  [
    'systemctl restart winbind smbd',
    'winbindd -D && smbd -D && until wbinfo -t && : </dev/tcp/127.0.0.40/445; do sleep 0.2; done >/dev/null 2>&1',
  ],
];

/** @param account as the command that asks names it */
const passwordOf = (account: string): string =>
  account.includes('alice') ? seededUser('alice', onprem)!.password! : administratorPassword(managed);

before(async () => {
  await stage.openAll();
  await stage.forcePasswordSync();
  const alice = {
    user: 'alice',
    realm: managed.realm,
    password: passwordOf('alice'),
    krb5Conf: krb5ConfFile(),
  };
  await eventually('Alice signs in', async () => (await tryKinit(alice)).ok);
  await runCliJson([
    ...['domain', 'sids', 'confirm', oldDomain, '--forest', describeDomain(onprem).dnsDomain, ...config],
  ]);
  await eventually('people have their SIDs', async () => {
    const { written, waiting } = await runCliJson<OnPremisesSids>(['domain', 'sids', 'list', ...config]);
    return written > 0 && waiting === 0;
  });
  await shell.run('causeway lab machine');
  await shell.run(
    'mkdir -m 777 /srv/files; umask 077; echo a report of the old domain >/srv/files/report.txt',
  );
  assert.deepEqual(await shell.run(KEEP_LIST), { lines: [], code: 0 });
});

after(async () => {
  await shell.close();
  await stage.close();
});

playDocument(DOCUMENT, {
  shell,
  fillIn: text => HERE.reduce((filled, [example, here]) => filled.replaceAll(example, here), text),
  passwordOf,
});

test('a machine with SSSD joins by the command on the page', async () => {
  const text = readFileSync(join(import.meta.dirname, '../..', DOCUMENT), 'utf8');
  const [, command] = /`(adcli join [^`]+)`/.exec(text)!;
  const machine = new Machine(managed, 'fs2', '127.0.0.41');
  try {
    await machine.open();
    // Away from the terminal, where it would ask for the password.
    const joined = ['--wait', ...command!.split(' ')];
    const { code, errors } = await machine.run('setsid', joined, `${administratorPassword(managed)}\n`);
    assert.equal(code, 0, errors);
  } finally {
    machine.close();
  }
});
