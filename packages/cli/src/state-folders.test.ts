import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createProgram } from './index.ts';

// Somebody who may write where a service is started prepares its state folder: each of the three services, and each command that opens
// the state where no service runs, refuses it with the reason, and nothing that is not theirs is read, written or changed.

const folder = mkdtempSync(join(tmpdir(), 'causeway-state-'));
after(() => rmSync(folder, { recursive: true }));
const url = process.env.DATABASE_URL;
before(() => {
  delete process.env.DATABASE_URL; // the tenant with files of its own
});
after(() => {
  if (url !== undefined) process.env.DATABASE_URL = url;
});

const user = process.geteuid!();
const OTHER = 65534;
let number = 0;

/** @param configure what a service that refused nothing would fail at soon after: no test may leave one running */
function scene(configure: (state: string) => object) {
  const place = join(folder, String(++number));
  const [state, target, config] = ['state', 'target', 'config.json'].map(name => join(place, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(state, { recursive: true });
  chmodSync(state, 0o700);
  writeFileSync(target, 'theirs');
  chmodSync(target, 0o644);
  writeFileSync(config, JSON.stringify(configure(state)));
  return { place, state, target, config };
}
type Scene = ReturnType<typeof scene>;

async function refuses(args: readonly string[], { config, target, state }: Scene, ...words: string[]) {
  const run = (await createProgram()).parseAsync(['node', 'causeway', ...args, '--config', config]);
  await assert.rejects(run, (error: Error & { code?: string }) => {
    assert.equal(error.code, 'not-own', error.message);
    for (const word of words) assert.ok(error.message.includes(word), `'${word}' in: ${error.message}`);
    return true;
  });
  assert.equal(readFileSync(target, 'utf8'), 'theirs');
  assert.equal(statSync(target).mode & 0o777, 0o644);
  assert.deepEqual(
    readdirSync(state).filter(name => /^lock\.db/.test(name) && statSync(join(state, name)).size !== 6),
    [],
    'nothing is opened there',
  );
}

const SERVICES = [
  {
    name: 'connect',
    configure: (state: string) => ({
      stateDirectory: state,
      tenant: { url: 'http://127.0.0.1:9' },
      connectors: [
        {
          ...{
            name: 'c',
            forest: 'corp.example.com',
            server: '127.0.0.1',
            account: 'reader@corp.example.com',
          },
          ...{ caFile: '/nonexistent', password: 'env:NOT_SET' },
        },
      ],
    }),
    commands: [['status'], ['fingerprint'], ['enrol', '--code', 'made-up', '--unchecked']],
    database: 'connect.db',
    key: 'signing-key.pem',
    deeper: [],
  },
  {
    name: 'tenant',
    configure: (state: string) => ({ stateDirectory: state, listen: { host: '0.0.0.0', port: 0 } }),
    commands: [],
    database: 'pglite',
    key: 'contoso.admin-token',
    deeper: ['pglite/PG_VERSION', 'pglite/base/5/1259'],
  },
  {
    name: 'domain',
    configure: (state: string) => ({
      ...{ stateDirectory: state, tenant: { url: 'http://127.0.0.1:9' } },
      ...{ realm: 'AADDS.EXAMPLE.NET', netbiosDomain: 'AADDS', hostName: 'ds1', address: '127.0.0.99' },
    }),
    commands: [['status'], ['fingerprint'], ['register'], ['stop'], ['create']],
    database: 'ledger.db',
    key: 'sealing-key',
    deeper: ['samba', 'samba/domain.pid.json', 'samba/tls/key.pem', 'samba/log/console.log'],
  },
];

for (const { name, configure, commands, database, key, deeper } of SERVICES) {
  describe(name, () => {
    for (const file of ['lock.pid', 'lock.db', database, key, ...deeper]) {
      test(`refuses a start where ${file} is a link`, async () => {
        const at = scene(configure);
        const path = join(at.state, file);
        mkdirSync(dirname(path), { recursive: true });
        symlinkSync(at.target, path);
        await refuses([name, 'run'], at, `'${path}'`, 'symbolic link', `user ${user}`, 'remove it');
      });
    }

    test('refuses a start where the key has another name elsewhere', async () => {
      const at = scene(configure);
      linkSync(at.target, join(at.state, key));
      await refuses([name, 'run'], at, `'${join(at.state, key)}'`, '2 names', `user ${user}`, 'remove it');
    });

    test('refuses a start where the state folder is a link', async () => {
      const at = scene(() => configure(join(folder, `${name}-link`)));
      symlinkSync(at.state, join(folder, `${name}-link`));
      await refuses([name, 'run'], at, `${name}-link' is a symbolic link of user ${user}`, 'name the folder');
    });

    test('refuses a start in a folder that others can write into', async () => {
      const at = scene(configure);
      chmodSync(at.place, 0o777);
      await refuses([name, 'run'], at, `'${at.place}' of user ${user}`, `chmod go-w ${at.place}`);
    });

    // Only root can give a folder away, and only root is lured by one.
    if (user === 0) {
      test("refuses a start on another user's state folder with a link in it", async () => {
        const at = scene(configure);
        symlinkSync(at.target, join(at.state, 'lock.pid'));
        chownSync(at.state, OTHER, OTHER);
        await refuses([name, 'run'], at, `'${at.state}' belongs to user ${OTHER}`, `run it as user ${OTHER}`);
      });

      for (const command of commands) {
        test(`refuses '${command[0]}' on another user's state folder where no service runs`, async () => {
          const at = scene(configure);
          chownSync(at.state, OTHER, OTHER);
          await refuses([name, ...command], at, `'${at.state}' belongs to user ${OTHER}`, 'run it as user');
          assert.deepEqual(readdirSync(at.state), []);
        });
      }
    }
  });
}
