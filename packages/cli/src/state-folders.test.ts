import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
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

// Somebody who can write where a service starts prepares its state folder. Each of the three services, and each command that opens the
// state when no service runs, refuses the folder with the reason. Nothing that is not theirs is read, written or changed.

const folder = mkdtempSync(join(tmpdir(), 'causeway-state-'));
after(() => rmSync(folder, { recursive: true }));
const user = process.geteuid!();
const OTHER = 65534;

const codeFile = join(folder, 'code');
writeFileSync(codeFile, 'made-up', { mode: 0o600 });

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
    commands: [['status'], ['fingerprint'], ['enrol', '--code-file', codeFile, '--unchecked']],
    database: 'connect.db',
    key: 'signing-key.pem',
    deeper: ['confirmed.json'],
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
    deeper: [
      'confirmed.json',
      'samba',
      'samba/domain.pid.json',
      'samba/tls/key.pem',
      'samba/log/console.log',
    ],
  },
];

/** A place where a service is started, and the expected outcome. */
interface Scene {
  readonly title: string;
  readonly command: readonly string[];
  /** Prepares the place; returns what the refusal must contain. */
  readonly prepare: (at: Place) => readonly string[];
}

let number = 0;
class Place {
  readonly folder = join(folder, String(++number));
  state = join(this.folder, 'state');
  /** The target that an attacker wants to have read, written or opened to all. */
  readonly target = join(this.folder, 'target');

  constructor() {
    mkdirSync(this.state, { recursive: true });
    chmodSync(this.state, 0o700);
    writeFileSync(this.target, 'theirs');
    chmodSync(this.target, 0o644);
  }

  link(name: string): string {
    const path = join(this.state, name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(this.target, path);
    return path;
  }

  configure(configuration: (state: string) => object): string {
    const file = join(this.folder, 'config.json');
    writeFileSync(file, JSON.stringify(configuration(this.state)));
    return file;
  }
}

/** Runs all in one separate process, because a service that fails ends its process after a while. */
function runAll(commands: readonly (readonly string[])[]): { code?: string; message?: string }[] {
  const ran = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { createProgram } from ${JSON.stringify(import.meta.resolve('./index.ts'))};
       const told = [];
       for (const command of ${JSON.stringify(commands)}) {
         const run = (await createProgram()).parseAsync(['node', 'causeway', ...command]);
         await run.then(() => told.push({}), ({ code, message }) => told.push({ code, message }));
       }
       console.log('\\n' + JSON.stringify(told));
       process.exit();`,
    ],
    { encoding: 'utf8', env: { ...process.env, DATABASE_URL: '' } },
  );
  assert.equal(ran.status, 0, ran.stderr);
  return JSON.parse(ran.stdout.trimEnd().split('\n').at(-1)!);
}

for (const { name, configure, commands, database, key, deeper } of SERVICES) {
  const run = [name, 'run'];
  const scenes: Scene[] = [
    ...['lock.pid', 'lock.db', database, key, ...deeper].map(file => ({
      title: `refuses to start if ${file} is a link`,
      command: run,
      prepare: (at: Place) => [`'${at.link(file)}' of user ${user} is a symbolic link`, 'remove it'],
    })),
    {
      title: 'refuses to start if the key has another name elsewhere',
      command: run,
      prepare: at => {
        linkSync(at.target, join(at.state, key));
        return [`'${join(at.state, key)}' of user ${user} has 2 names`, 'remove it'];
      },
    },
    {
      title: 'refuses to start if the state folder is a link',
      command: run,
      prepare: at => {
        const real = at.state;
        at.state = join(at.folder, 'link');
        symlinkSync(real, at.state);
        return [`'${at.state}' is a symbolic link of user ${user}`, 'name the folder'];
      },
    },
    {
      title: 'refuses to start in a folder that others can write to',
      command: run,
      prepare: at => {
        chmodSync(at.folder, 0o777);
        return [`'${at.folder}' of user ${user} is writable by others`, `chmod go-w ${at.folder}`];
      },
    },
  ];
  // Only root can give a folder away, and only root can be lured by one.
  for (const command of user === 0 ? [['run'], ...commands] : []) {
    scenes.push({
      title: `refuses '${command[0]}' on another user's state folder, with a link in it`,
      command: [name, ...command],
      prepare: at => {
        at.link('lock.pid');
        chownSync(at.state, OTHER, OTHER);
        return [`'${at.state}' belongs to user ${OTHER}`, `run it as user ${OTHER}`];
      },
    });
  }

  describe(name, () => {
    const places = scenes.map(() => new Place());
    let told: ReturnType<typeof runAll>;
    const expected = scenes.map(({ prepare }, i) => prepare(places[i]!));
    const found = places.map(({ state }) => readdirSync(state));
    before(() => {
      told = runAll(
        scenes.map(({ command }, i) => [...command, '--config', places[i]!.configure(configure)]),
      );
    });
    scenes.forEach(({ title }, i) => {
      test(title, () => {
        const { code, message } = told[i]!;
        assert.equal(code, 'not-own', message);
        for (const words of expected[i]!) assert.ok(message!.includes(words), `'${words}' in: ${message}`);
        const { target, state } = places[i]!;
        assert.equal(readFileSync(target, 'utf8'), 'theirs');
        assert.equal(statSync(target).mode & 0o777, 0o644);
        assert.deepEqual(readdirSync(state), found[i], 'nothing is made there');
      });
    });
  });
}
