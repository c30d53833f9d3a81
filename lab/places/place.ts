import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type NotYet } from '@causeway/service/testing';
import { CLI } from './run-cli.ts';

export interface PlaceSettings {
  readonly name: string;
  /** For example `connect run --config …`. */
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Throws while the service does not answer yet. */
  readonly ready: () => Promise<unknown>;
}

const READY_TIMEOUT_MS = 60_000;

/** One of Causeway's services as a process of its own, started, asked, stopped and killed as in real life. */
export class Place {
  readonly settings: PlaceSettings;
  #child: ChildProcess | undefined;

  constructor(settings: PlaceSettings) {
    this.settings = settings;
  }

  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts the process and waits until it answers. `env` applies to this start only. */
  async start(env: NodeJS.ProcessEnv = {}): Promise<void> {
    this.spawn(env);
    const until = Date.now() + READY_TIMEOUT_MS;
    for (;;) {
      try {
        await this.settings.ready();
        return;
      } catch (cause) {
        if (!this.running)
          throw new Error(`${this.settings.name} ended while it started: ${this.lastLines()}`, { cause });
        if (Date.now() > until)
          throw new Error(`${this.settings.name} did not answer in time: ${this.lastLines()}`, { cause });
        await delay(100);
      }
    }
  }

  /** Looks until the answer arrives. If it does not, the end of the log may tell why. */
  eventually<T>(
    what: string,
    look: () => T | NotYet | Promise<T | NotYet>,
    patienceMs: number,
  ): Promise<Exclude<T, undefined | false>> {
    return eventually(what, look, { patienceMs, lookMs: 20, why: () => this.lastLines() });
  }

  /** Starts the process without waiting. */
  spawn(env: NodeJS.ProcessEnv = {}): void {
    if (this.running) throw new Error(`${this.settings.name} runs already`);
    mkdirSync(dirname(this.settings.logFile), { recursive: true });
    const log = openSync(this.settings.logFile, 'a', 0o600);
    this.#child = spawn(process.execPath, [CLI, ...this.settings.args], {
      stdio: ['ignore', log, log],
      detached: true, // Ctrl-C in the terminal goes to our own starter, which then stops the places in order
      env: { ...process.env, ...this.settings.env, ...env },
    });
    this.#child.unref();
  }

  /** Waits until the process has ended by itself or by a fault point. */
  async ended(): Promise<void> {
    while (this.running) await delay(20);
  }

  /** As an administrator would: SIGTERM, and wait. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.#child?.kill('SIGTERM');
    await this.ended();
  }

  /** As a power cut would: SIGKILL. */
  async kill(): Promise<void> {
    if (!this.running) return;
    this.#child?.kill('SIGKILL');
    await this.ended();
  }

  lastLines(count = 5): string {
    return readFileSync(this.settings.logFile, 'utf8').trim().split('\n').slice(-count).join('\n');
  }
}

/** Resolves when somebody accepts connections on a Unix socket, and rejects otherwise. */
export function listening(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(void socket.destroy()));
    socket.on('error', reject);
  });
}
