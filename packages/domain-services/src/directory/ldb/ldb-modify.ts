import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ControlOid } from '@causeway/ldap';
import { type DomainLayout, type DomainPlace, domainLayout, runTool } from '@causeway/samba';
import { diskError, suspectDisk } from '@causeway/service';

const TIMEOUT_MS = 10 * 60_000;
/**
 * Without it, ldb copies its indexes' lists, each as long as the domain has users, at every change, to be able to undo that one
 * alone. With it, the first change that fails spoils the transaction, which is undone as a whole in any case.
 */
const BATCH_MODE = ['-o', 'batch_mode:1'];
/** Nobody can write into the directory while it runs, so nothing else should keep it waiting. */
const PRIORITY = -10;
/** In Samba's private folder, which is root's alone. */
const FIFO = 'changes-for-ldbmodify.';

/** One that was started and waits at its FIFO. */
interface Started {
  /** Where its changes go; undefined when it has ended before. */
  readonly pipe: () => Promise<FileHandle | undefined>;
  /** Ends with it, however it does. */
  readonly ended: Promise<string>;
}

/**
 * `ldbmodify` on the managed domain's database: one transaction a run. It reads its changes from a FIFO, because it opens that after
 * the database and before the transaction: one that was started ahead, which takes 0.1 s, waits there and locks nothing.
 */
export class LdbModify {
  readonly #layout: DomainLayout;
  readonly #beforeChange: () => Promise<void>;
  #ahead: Promise<Started> | undefined;

  /** For the one service of a domain: what one before it had started ahead and left, because it was killed, is ended. */
  static open(place: DomainPlace, beforeChange?: () => Promise<void>): LdbModify {
    letGoOfLeftOvers(domainLayout(place.directory));
    return new LdbModify(place, beforeChange);
  }

  /** @param beforeChange called before anything is written */
  constructor(place: DomainPlace, beforeChange: () => Promise<void> = async () => {}) {
    this.#layout = domainLayout(place.directory);
    this.#beforeChange = beforeChange;
  }

  /** The domain's folder. */
  get directory(): string {
    return this.#layout.directory;
  }

  /** Starts the next one, for changes that are about to come. */
  prepare(): void {
    this.#ahead ??= this.#start();
    this.#ahead.catch(() => {}); // whoever writes hears of it
  }

  /**
   * All changes are written when this returns, or none is.
   * @param ldif secret; it is the caller's to wipe afterwards
   * @throws Error with what `ldbmodify` said
   */
  async write(ldif: Uint8Array): Promise<void> {
    // Taken before anything is waited for: whoever prepares meanwhile prepares the next one.
    const ahead = this.#takeAhead();
    try {
      await this.#beforeChange();
    } catch (error) {
      await letGo(ahead);
      throw error;
    }
    const { pipe, ended } = await (ahead ?? this.#start());
    const changes = await pipe();
    // It waited too long, or was ended: it has seen nothing of these changes.
    if (changes === undefined && ahead) return this.write(ldif);
    if (changes !== undefined) await hand(ldif, changes);
    await ended;
  }

  /** Ends one that was started ahead: there is nothing to write. */
  async release(): Promise<void> {
    await letGo(this.#takeAhead());
  }

  #takeAhead(): Promise<Started> | undefined {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return ahead;
  }

  async #start(): Promise<Started> {
    const { privateDir, samLdb, smbConf } = this.#layout;
    const fifo = join(privateDir, `${FIFO}${randomUUID()}`);
    await runTool('mkfifo', ['-m', '600', fifo]).catch((error: unknown) => {
      throw suspectDisk(error, privateDir) ?? error;
    });
    const control = `--controls=local_oid:${ControlOid.bypassPasswordHash}:0`;
    const args = ['-H', samLdb, `--configfile=${smbConf}`, control, ...BATCH_MODE, fifo];
    let over = false;
    const ended = runTool('ldbmodify', args, { timeout: TIMEOUT_MS, priority: PRIORITY }).finally(() => {
      over = true;
      letGoOfWriter(fifo);
    });
    ended.catch(() => {}); // whoever writes hears of it
    const pipe = async (): Promise<FileHandle | undefined> => {
      const changes = await openWhenRead(fifo);
      if (!over) return changes;
      await changes?.close();
      return undefined;
    };
    return { pipe, ended };
  }
}

/** It reads an end of its changes, and ends. */
async function letGo(ahead: Promise<Started> | undefined): Promise<void> {
  const started = await ahead?.catch(() => undefined);
  if (started === undefined) return;
  const changes = await started.pipe();
  await changes?.close();
  await started.ended.catch(() => {});
}

/** Not by the event loop: a pipe holds the changes of some 25 users, and `ldbmodify` would wait for the next ones while we compute. */
async function hand(ldif: Uint8Array, changes: FileHandle): Promise<void> {
  try {
    for (let at = 0; at < ldif.length; ) at += (await changes.write(ldif, at)).bytesWritten;
  } catch {
    // The end of `ldbmodify` tells more than EPIPE.
  } finally {
    await changes.close();
  }
}

/** They read an end of their changes, and end. */
function letGoOfLeftOvers({ privateDir }: DomainLayout): void {
  for (const name of readdirSync(privateDir).filter(name => name.startsWith(FIFO))) {
    const fifo = join(privateDir, name);
    const fd = openIfRead(fifo);
    if (fd !== undefined) closeSync(fd);
    removeFifo(fifo);
  }
}

/** On a disk that cannot be written it stays until the next start, and hinders nobody. */
function removeFifo(fifo: string): void {
  try {
    rmSync(fifo, { force: true });
  } catch (error) {
    if (diskError(error, fifo) === undefined) throw error;
  }
}

/** Whoever waits in `openWhenRead` for a reader that has ended goes on; nobody begins to wait after that. */
function letGoOfWriter(fifo: string): void {
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  removeFifo(fifo);
  closeSync(reader);
}

/** The FIFO, open for writing as soon as `ldbmodify` reads it; undefined when that has ended before. */
async function openWhenRead(fifo: string): Promise<FileHandle | undefined> {
  try {
    // It waits for a reader in a thread of its own, and makes no file where there is none any more.
    return await open(fifo, constants.O_WRONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A FIFO that nobody reads cannot be opened without waiting. */
function openIfRead(fifo: string): number | undefined {
  try {
    return openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENXIO' || code === 'ENOENT') return undefined;
    throw error;
  }
}
