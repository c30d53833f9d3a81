import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openApiDocument, PROGRAM_VERSION } from '@causeway/contract';
import { runTool } from '@causeway/samba';
import { labDirectory } from '../domains/state.ts';
import { layoutOf } from '../domains/table.ts';
import { startPostgres } from '../run/postgres.ts';
import { type Exchange, LAB_FOLDER, TENANT_URL } from './exchange.ts';
import { PASSWORDS, PEOPLE, playStory, upn } from './story.ts';

// Records the release that runs this. See README.md.

const [commit = '', folder = ''] = process.argv.slice(2);
if (!/^[0-9a-f]{40}$/.test(commit) || folder === '') {
  process.stderr.write('usage: node lab/releases/record.ts COMMIT FOLDER\n');
  process.exit(1);
}

/** Addresses of the tenant: its own and the proxy's. */
const urls: string[] = [];

function write(name: string, data: string | Buffer): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  if (typeof data !== 'string') writeFileSync(file, data);
  else {
    const text = urls.reduce((text, url) => text.replaceAll(url, TENANT_URL), data);
    writeFileSync(file, text.replaceAll(labDirectory(), LAB_FOLDER));
  }
}

/** The content of the tenant's database, in a form that PGlite reads: without psql's own commands. */
async function dump(url: string, name: string): Promise<void> {
  const format = ['--inserts', '--rows-per-insert=100', '--no-owner', '--no-privileges'];
  const sql = await runTool('pg_dump', [...format, '--dbname', url]);
  write(name, sql.replace(/^(\\.*|--( .*)?|)\n/gm, ''));
}

/**
 * Copies a file of the lab's folder to the same path in the recording. Compresses databases, and leaves out locks and SQLite's companion
 * files.
 */
function keep(file: string): void {
  const name = relative(labDirectory(), file);
  if (basename(file) === 'lock.db') return;
  if (statSync(file).isDirectory()) for (const each of readdirSync(file)) keep(join(file, each));
  else if (name.endsWith('.db')) write(`${name}.gz`, gzipSync(readFileSync(file)));
  else if (!name.includes('.db-')) write(name, readFileSync(file, 'utf8'));
}

/** A place's status of each person that it knows. */
async function ofEach(status: (user: string) => Promise<unknown>): Promise<Record<string, unknown>> {
  const said: Record<string, unknown> = {};
  for (const user of PEOPLE.map(upn)) said[user] = await status(user).catch(() => undefined);
  return said;
}

/** Drops a request whose answer is the same as the time before. */
function withoutRepetitions(exchanges: readonly Exchange[]): Exchange[] {
  const last = new Map<string, string>();
  return exchanges.filter(({ method, path, body, status, answer }) => {
    const text = JSON.stringify([body, status, answer]);
    const again = last.get(`${method} ${path}`) === text;
    last.set(`${method} ${path}`, text);
    return !again;
  });
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const postgres = await startPostgres();
let atBegin = 0;
try {
  await playStory({ databaseUrl: postgres.url }, undefined, {
    begin: async ({ urls: known, exchanges }) => {
      urls.push(...known);
      atBegin = exchanges.length;
      await dump(postgres.url, 'tenant-begin.sql');
    },
    end: async ({ stage, exchanges }) => {
      await dump(postgres.url, 'tenant-end.sql');
      for (const place of ['connect', 'domain']) {
        keep(stage.stateOf(place));
        keep(stage.configOf(place));
      }
      keep(layoutOf(stage.managed).descriptionFile);
      const seen = {
        connect: await stage.connectStatus(),
        connectUsers: await ofEach(user => stage.connectStatus(user)),
        domain: await stage.domainStatus(),
        domainUsers: await ofEach(user => stage.domainStatus(user)),
        tenant: await stage.tenantStatus(),
        tenantUsers: await ofEach(user => stage.tenantStatus(user)),
      };
      write('seen.json', `${JSON.stringify(seen, null, 1)}\n`);
      const kept = [
        ...withoutRepetitions(exchanges.slice(0, atBegin)).map(each => ({ setUp: true, ...each })),
        ...withoutRepetitions(exchanges.slice(atBegin)),
      ];
      write('exchanges.jsonl', kept.map(each => `${JSON.stringify(each)}\n`).join(''));
      write('openapi.json', `${JSON.stringify(openApiDocument('tenant', PROGRAM_VERSION))}\n`);
      write(
        'release.json',
        `${JSON.stringify({ commit, version: PROGRAM_VERSION, passwords: PASSWORDS }, null, 2)}\n`,
      );
    },
  });
} finally {
  await postgres.stop();
}
