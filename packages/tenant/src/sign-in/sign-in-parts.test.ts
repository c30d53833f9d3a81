import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deriveCloudCredential, ntHash } from '@causeway/credentials';
import { familiarSource, rememberBrowser } from './familiar-browser.ts';
import { escapeHtml, signInPage } from './pages.ts';
import { checkPassword } from './password-check.ts';

const KEY = Buffer.alloc(32, 7).toString('base64url');

describe('the cookie of familiar browsers', () => {
  it('is familiar to the accounts that it was made for, and to no other', () => {
    let cookie = rememberBrowser(undefined, KEY, 'alice');
    cookie = rememberBrowser(cookie, KEY, 'bob');
    const id = familiarSource(cookie, KEY, 'alice');
    assert.ok(id !== undefined);
    assert.equal(familiarSource(cookie, KEY, 'bob'), id);
    assert.equal(familiarSource(cookie, KEY, 'carol'), undefined);
    assert.equal(familiarSource(cookie, Buffer.alloc(32).toString('base64url'), 'alice'), undefined);
  });

  it('remembers five accounts, and each once', () => {
    let cookie: string | undefined;
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'f']) cookie = rememberBrowser(cookie, KEY, name);
    assert.equal(cookie!.split('.').length, 6);
    assert.equal(familiarSource(cookie, KEY, 'a'), undefined);
    assert.ok(familiarSource(cookie, KEY, 'b') !== undefined);
  });

  it('counts for nothing when it was forged, cut or moved', () => {
    const cookie = rememberBrowser(undefined, KEY, 'alice');
    const other = rememberBrowser(undefined, KEY, 'alice');
    const moved = `${other.split('.')[0]}.${cookie.split('.')[1]}`;
    const long = `${cookie}${`.${'A'.repeat(22)}`.repeat(9)}`;
    for (const wrong of ['', '.', 'x', cookie.slice(0, -1), `${cookie}.`, moved, long]) {
      assert.equal(familiarSource(wrong, KEY, 'alice'), undefined, wrong);
    }
  });
});

describe('the password check', () => {
  it('agrees with a cloud credential that Connect made, and marks a wrong password the same each time', async () => {
    const credential = await deriveCloudCredential(ntHash('Pa$$w0rd'), Buffer.alloc(10, 3));
    assert.equal((await checkPassword(credential, 'Pa$$w0rd', 'alice', KEY)).right, true);
    const [one, two] = [
      await checkPassword(credential, 'wrong', 'alice', KEY),
      await checkPassword(credential, 'wrong', 'alice', KEY),
    ];
    assert.deepEqual(one, two);
    assert.deepEqual([one.right, one.mark.length], [false, 4]);
  });

  it('fails without a credential, with the same marks for the same password', async () => {
    const one = await checkPassword(null, '', 'nobody', KEY);
    assert.deepEqual(await checkPassword(null, '', 'nobody', KEY), one);
    assert.equal(one.right, false);
  });
});

describe('the sign-in page', () => {
  it('shows typed input as text', () => {
    const page = signInPage({
      tenantName: 'contoso',
      name: `"'><img src=x onerror=alert(1)>&`,
      failed: true,
    });
    assert.ok(!page.includes('<img'));
    assert.ok(page.includes(escapeHtml(`"'><img src=x onerror=alert(1)>&`)));
  });
});
