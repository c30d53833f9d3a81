import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import {
  buildSupplementalCredentials,
  EncryptionType,
  keysProblem,
  ntHash,
  stringToKey,
} from '@causeway/credentials';
import { baseDn } from '@causeway/samba';
import { type Attributes, BYPASS_PASSWORD_HASH, modifyDirectory } from '../domains/ldif.ts';
import { labUp } from '../domains/lifecycle.ts';
import { DOMAINS, layoutOf } from '../domains/table.ts';
import { tryKinit } from '../domains/try-password.ts';
import { createUser, deleteUser } from '../domains/users.ts';

// Samba and its KDC accept exactly the Kerberos keys that `keysProblem` says they accept.

await labUp();
const domain = DOMAINS.onprem;
const layout = layoutOf(domain);
const user = `keys-${Date.now().toString(36)}`;
const PASSWORD = 'Keys-Passw0rd1';
/** Stands in a built blob for four characters that the builder would reject. */
const MARK = '####';
await createUser(domain, { sam: user, password: 'Another-Passw0rd1' });
after(() => deleteUser(domain, user));

/** Stores hash and blob unchanged. */
const store = (supplementalCredentials: Attributes[string]): Promise<unknown> =>
  modifyDirectory(
    layout,
    [
      {
        dn: `CN=${user},CN=Users,${baseDn(domain)}`,
        change: 'modify',
        replace: { unicodePwd: [ntHash(PASSWORD)], supplementalCredentials },
      },
    ],
    { controls: [BYPASS_PASSWORD_HASH] },
  );

const setOf = (salt: string, iterations: number) => ({
  salt,
  iterations,
  keys: [EncryptionType.aes256, EncryptionType.aes128].map(enctype => ({
    enctype,
    key: stringToKey(enctype, PASSWORD, salt, iterations),
  })),
});

const built = (set: ReturnType<typeof setOf>): Buffer =>
  Buffer.from(buildSupplementalCredentials({ ...set, iterations: 4096 }, randomBytes));

/** Where the hex of the newer keys begins, and in it the default count and the counts of the four keys. */
const NEWER_KEYS = 172;
const COUNTS = [20, 32, 56, 80, 104];

const hexOf = (text: string): string => Buffer.from(text, 'utf16le').toString('hex').toUpperCase();
const kinit = () => tryKinit({ user, realm: domain.realm, password: PASSWORD, krb5Conf: layout.krb5Conf });

test('keys with any valid text as salt work, and the KDC announces that salt', async () => {
  for (const salt of [`${domain.realm}${user}`, 'Ž 😀 "\\', 's'.repeat(1024)]) {
    assert.equal(keysProblem(setOf(salt, 4096)), undefined);
    await store([built(setOf(salt, 4096))]);
    const { ok, error, etype } = await kinit();
    assert.ok(ok, `${salt.slice(0, 20)}: ${error}`);
    assert.match(etype!, /aes256/);
  }
});

test('keys of another iteration count are stored and never work, so the hash alone is better', async () => {
  const set = setOf(`${domain.realm}${user}`, 8192);
  assert.match(keysProblem(set)!, /iterations/);
  const blob = built(set);
  for (const at of COUNTS) blob.write('00200000', NEWER_KEYS + 2 * at, 'latin1');
  await store([blob]);
  assert.equal((await kinit()).ok, false);
  await store([]);
  const { ok, error } = await kinit();
  assert.ok(ok, error);
});

test('a salt that is not text makes Samba reject the hash too, or store the salt cut off, so that the keys never work', async () => {
  for (const [changed, stored] of [
    ['\0###', true],
    ['##\0#', true],
    ['\ud800###', false],
    ['#\udc00##', false],
  ] as const) {
    const set = setOf(`${domain.realm}${changed}`, 4096);
    assert.match(keysProblem(set)!, /salt/);
    const text = built({ ...set, salt: `${domain.realm}${MARK}` }).toString('latin1');
    const storing = store([Buffer.from(text.replaceAll(hexOf(MARK), hexOf(changed)), 'latin1')]);
    if (!stored) await assert.rejects(storing, /Constraint violation/);
    else {
      await storing;
      assert.equal((await kinit()).ok, false);
    }
  }
});
