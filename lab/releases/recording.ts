import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';
import { Place } from '../places/place.ts';
import { runCliJson } from '../places/run-cli.ts';
import { type Exchange, LAB_FOLDER, TENANT_URL } from './exchange.ts';

const FOLDER = join(import.meta.dirname, 'recorded');

export interface Recording {
  readonly name: string;
  readonly commit: string;
  readonly passwords: Readonly<Record<string, string>>;
  readonly exchanges: readonly (Exchange & { readonly setUp?: true })[];
  /** The tenant's API as that release documented it. */
  readonly openApi: OpenApi;
  /** The places' own status at the time of the recording. */
  // biome-ignore lint/suspicious/noExplicitAny: as that release said it
  readonly seen: any;
  /** A file of the recording as text. */
  text(name: string): string;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}
interface Body {
  readonly content: { readonly 'application/json': object };
}
export interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: Body;
  readonly responses: { readonly 200: Body };
}

/** All recorded releases. */
export function recordings(): Recording[] {
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => readRecording(name));
}

function readRecording(name: string): Recording {
  const text = (file: string): string => readFileSync(join(FOLDER, name, file), 'utf8');
  const lines = text('exchanges.jsonl').trim().split('\n');
  return {
    name,
    ...JSON.parse(text('release.json')),
    exchanges: lines.map(line => JSON.parse(line)),
    openApi: JSON.parse(text('openapi.json')),
    seen: JSON.parse(text('seen.json')),
    text,
  };
}

/** The three places of a recording in a folder of their own, restored as an administrator would. The tenant runs. */
export class RestoredPlaces {
  readonly url: string;
  readonly #folder: string;
  readonly #tenant: Place;

  private constructor(folder: string, url: string, tenant: Place) {
    this.#folder = folder;
    this.url = url;
    this.#tenant = tenant;
  }

  /** @param dump the tenant's database in the recording */
  static async open({ name, text }: Recording, dump: string): Promise<RestoredPlaces> {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-release-'));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    for (const top of ['places', 'managed']) restore(join(FOLDER, name, top), join(folder, top), folder, url);
    const state = join(folder, 'places', 'tenant');
    mkdirSync(state, { mode: 0o700 });
    const database = await PGlite.create({ dataDir: join(state, 'pglite') });
    await database.exec(text(dump));
    await database.close();
    const config = join(folder, 'places', 'tenant.yaml');
    writeFileSync(config, JSON.stringify({ stateDirectory: state, listen: { host: '127.0.0.1', port } }));
    const tenant = new Place({
      name: 'tenant',
      args: ['tenant', 'run', '--config', config],
      logFile: join(folder, 'tenant.log'),
      // An empty one hides the tests' own DATABASE_URL.
      env: { DATABASE_URL: '' },
      ready: () => fetch(url),
    });
    await tenant.start();
    return new RestoredPlaces(folder, url, tenant);
  }

  path(...parts: string[]): string {
    return join(this.#folder, 'places', ...parts);
  }

  text(...parts: string[]): string {
    return readFileSync(this.path(...parts), 'utf8');
  }

  /** The output of one of today's commands, with the recording's addresses and folders put in. */
  async run(...args: string[]): Promise<unknown> {
    const said = JSON.stringify(await runCliJson(args));
    return JSON.parse(said.replaceAll(this.url, TENANT_URL).replaceAll(this.#folder, LAB_FOLDER));
  }

  async close(): Promise<void> {
    await this.#tenant.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function restore(from: string, to: string, folder: string, url: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name.replace(/\.gz$/, ''));
    if (entry.isDirectory()) restore(source, target, folder, url);
    else {
      const data = readFileSync(source);
      const text = () => data.toString('utf8').replaceAll(LAB_FOLDER, folder).replaceAll(TENANT_URL, url);
      writeFileSync(target, entry.name.endsWith('.gz') ? gunzipSync(data) : text(), { mode: 0o600 });
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
