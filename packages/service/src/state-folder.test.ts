import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lockState, makePrivateDirectory } from './index.ts';
import { checkStateFolder, takeStateFolder } from './state-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-own-'));
after(() => rmSync(folder, { recursive: true }));
const user = process.geteuid!();
/** Only root can give files away, so only root can play other users. Every user can play links. */
const root = user === 0;
const OTHER = 65534;

let number = 0;
/** A state folder with a file, and beside it what an attacker wants to have written or opened. */
function scene() {
  const place = join(folder, String(++number));
  const state = join(place, 'state');
  const target = join(place, 'target');
  mkdirSync(state, { recursive: true });
  chmodSync(state, 0o700);
  writeFileSync(target, 'theirs', { mode: 0o644 });
  return { place, state, target };
}

function refused(work: () => unknown, ...words: string[]): void {
  assert.throws(work, (error: Error & { code?: string }) => {
    assert.equal(error.code, 'not-own', error.message);
    for (const word of words) assert.ok(error.message.includes(word), `'${word}' in: ${error.message}`);
    return true;
  });
}

const untouched = (target: string): void => {
  assert.equal(readFileSync(target, 'utf8'), 'theirs');
  assert.equal(statSync(target).mode & 0o777, 0o644);
};

for (const name of [
  'lock.pid',
  'lock.db',
  'lock.db-wal',
  'signing-key.pem',
  'pglite',
  'api.sock',
  'deep/er/file',
]) {
  test(`refuses a state folder with a link in place of ${name}, and leaves its target unchanged`, () => {
    const { state, target } = scene();
    const path = join(state, name);
    mkdirSync(join(path, '..'), { recursive: true });
    symlinkSync(target, path);
    refused(() => lockState(state), `'${path}' of user ${user} is a symbolic link`, 'remove it');
    untouched(target);
    rmSync(path);
    lockState(state).release();
  });
}

test('refuses a dangling link, too', () => {
  const { place, state } = scene();
  symlinkSync(join(place, 'made'), join(state, 'lock.db'));
  refused(() => lockState(state), 'lock.db');
  assert.equal(existsSync(join(place, 'made')), false);
});

test('refuses a file that has another name elsewhere', () => {
  const { state, target } = scene();
  linkSync(target, join(state, 'connect.db'));
  refused(() => lockState(state), `'${join(state, 'connect.db')}' of user ${user} has 2 names`, 'remove it');
  untouched(target);
});

test('says what to do if the folder cannot be made or entered', { skip: !root }, () => {
  const { place } = scene();
  const closed = join(place, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  chmodSync(folder, 0o711);
  process.seteuid!(OTHER);
  try {
    for (const path of [join(closed, 'state'), join(place, 'new', 'state')]) {
      const words = [`user ${OTHER} cannot make or enter`, path, 'run this as', `a folder of user ${OTHER}`];
      refused(() => lockState(path), ...words);
    }
    refused(() => checkStateFolder(join(closed, 'state')), 'EACCES', 'run this as');
    refused(() => checkStateFolder(join(place, 'target', 'state')), 'ENOTDIR', 'name a folder');
  } finally {
    process.seteuid!(user);
  }
});

test('refuses a link as state folder, also with a trailing slash, and does not touch its target', () => {
  const { place, state } = scene();
  chmodSync(state, 0o755);
  const link = join(place, 'link');
  symlinkSync(state, link);
  for (const path of [link, `${link}/`]) {
    refused(
      () => lockState(path),
      link,
      `a symbolic link of user ${user}`,
      'name the folder that it leads to',
    );
  }
  assert.equal(statSync(state).mode & 0o777, 0o755);
  assert.equal(existsSync(join(state, 'lock.db')), false);
});

test('follows links of the administrator that lead to the state folder', () => {
  const { place, state } = scene();
  symlinkSync(place, join(folder, 'shortcut'));
  lockState(join(folder, 'shortcut', 'state')).release();
  symlinkSync('.', join(place, 'here'));
  lockState(join(place, 'here', 'here', 'new', 'state')).release();
  assert.ok(existsSync(join(place, 'new', 'state', 'lock.db')));
  symlinkSync('round', join(place, 'round'));
  refused(() => lockState(join(place, 'round', 'state')), 'more than 40 symbolic links');
  assert.ok(existsSync(join(state, 'lock.db')));
});

test('closes a state folder that others could write to, and detects what they put there', () => {
  const { state, target } = scene();
  chmodSync(state, 0o777);
  symlinkSync(target, join(state, 'lock.pid'));
  refused(() => lockState(state), 'lock.pid');
  assert.equal(statSync(state).mode & 0o777, 0o700);
  untouched(target);
});

test('refuses a state folder in a folder that others can write to, unless that is sticky', () => {
  const { place, state } = scene();
  chmodSync(place, 0o777);
  refused(
    () => lockState(state),
    `'${place}' of user ${user}`,
    'is writable by others',
    `chmod go-w ${place}`,
  );
  refused(() => lockState(join(place, 'new', 'state')), place);
  assert.equal(existsSync(join(place, 'new')), false);
  chmodSync(place, 0o1777);
  lockState(state).release();
});

test('refuses a file in place of a folder', () => {
  const { target } = scene();
  refused(() => lockState(target), 'a folder is expected');
  refused(() => lockState(join(target, 'state')), `'${target}' is a file`, 'a folder is expected');
  untouched(target);
});

test("checks two levels of a program's folder, which has its own files further down", () => {
  const { state, target } = scene();
  const program = join(state, 'samba');
  mkdirSync(join(program, 'state', 'sysvol'), { recursive: true });
  chmodSync(program, 0o775);
  symlinkSync(target, join(program, 'state', 'sysvol', 'theirs'));
  lockState(state, program).release();
  assert.equal(statSync(program).mode & 0o777, 0o755);
  refused(() => lockState(state), 'sysvol');
  symlinkSync(target, join(program, 'state', 'key.pem'));
  refused(() => lockState(state, program), 'key.pem');
  refused(
    () => lockState(join(folder, 'another'), join(program, 'state', 'key.pem')),
    'key.pem',
    'symbolic link',
  );
  untouched(target);
});

if (root) {
  test("refuses another user's state folder, and writes nothing there", () => {
    const { state } = scene();
    chownSync(state, OTHER, OTHER);
    for (const work of [lockState, takeStateFolder, makePrivateDirectory]) {
      refused(() => work(state), `'${state}' belongs to user ${OTHER}`, `run it as user ${OTHER}`);
    }
    assert.equal(existsSync(join(state, 'lock.db')), false);
  });

  test("refuses another user's file in its own state folder, or in a program's", () => {
    const { place, state, target } = scene();
    writeFileSync(join(state, 'connect.db'), 'x');
    chownSync(join(state, 'connect.db'), OTHER, OTHER);
    refused(() => lockState(state), `'${join(state, 'connect.db')}' of user ${OTHER}`, 'remove it');
    chownSync(target, OTHER, OTHER);
    mkdirSync(join(place, 'samba', 'tls'), { recursive: true });
    linkSync(target, join(place, 'samba', 'tls', 'key.pem'));
    refused(() => lockState(join(place, 'new'), join(place, 'samba')), `key.pem' of user ${OTHER}`);
    untouched(target);
  });

  test("refuses a state folder below another user's folder or link", () => {
    const { place, state } = scene();
    chownSync(place, OTHER, OTHER);
    refused(() => lockState(state), `'${place}'`, `belongs to user ${OTHER}`, `chown 0 ${place}`);
    chownSync(place, 0, 0);
    symlinkSync(place, join(folder, 'theirs'));
    lchownSync(join(folder, 'theirs'), OTHER, OTHER);
    refused(() => lockState(join(folder, 'theirs', 'state')), 'theirs', `belongs to user ${OTHER}`);
  });

  test('a service that is not root accepts what root put into its folder, but no folder of root', () => {
    const { place, state } = scene();
    writeFileSync(join(state, 'contoso.admin-token'), 'made-up', { mode: 0o600 });
    mkdirSync(join(state, 'lost+found'), { mode: 0o700 });
    chownSync(state, OTHER, OTHER);
    for (const way of [folder, place]) chmodSync(way, 0o711);
    process.seteuid!(OTHER);
    try {
      lockState(state).release();
      refused(() => makePrivateDirectory(join(place, 'target')), 'a folder is expected');
      refused(() => makePrivateDirectory(place), `'${place}' belongs to user 0`, 'run it as user 0');
    } finally {
      process.seteuid!(0);
    }
  });
}
