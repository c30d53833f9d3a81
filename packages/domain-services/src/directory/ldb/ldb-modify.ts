import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ControlOid } from '@causeway/ldap';
import { type DomainLayout, type DomainPlace, domainLayout, runTool } from '@causeway/samba';
import { diskError, suspectDisk } from '@causeway/service';

const TIMEOUT_MS = 10 * 60_000;
/**
 * Without it, ldb copies the lists of its indexes at every change, to be able to undo that one alone. Each list is as long as the domain
 * has users. With it, the first change that fails spoils the transaction, which is undone as a whole in any case.
 */
const BATCH_MODE = ['-o', 'batch_mode:1'];
/** Nobody else can write to the directory while it runs, so it should not wait for the CPU. */
const PRIORITY = -10;
/** In Samba's private folder, which only root can enter. */
const FIFO = 'changes-for-ldbmodify.';

/** An `ldbmodify` that was started and waits at its FIFO. */
interface Started {
  /** Where its changes go; undefined if it has ended before. */
  readonly pipe: () => Promise<FileHandle | undefined>;
  /** Settles when it ends, however it does. */
  readonly ended: Promise<string>;
}

/**
 * `ldbmodify` on the managed domain's database: one transaction per run. It reads its changes from a FIFO, which it opens after the
 * database and before the transaction. Starting takes 0.1 s, so one is started ahead: it waits there and locks nothing.
 */
export class LdbModify {
  readonly #layout: DomainLayout;
  readonly #beforeChange: () => Promise<void>;
  #ahead: Promise<Started> | undefined;

  /** For the one service of a domain. Ends what a killed service before it had started ahead. */
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

  /** Starts the next one ahead, for changes that are about to come. */
  prepare(): void {
    this.#ahead ??= this.#start();
    this.#ahead.catch(() => {}); // the writer gets the error
  }

  /**
   * All changes are written when this returns; if it throws, none is.
   * @param ldif secret; the caller wipes it afterwards
   * @throws Error with the output of `ldbmodify`
   */
  async write(ldif: Uint8Array): Promise<void> {
    // Take it before the first wait, so that a `prepare` meanwhile starts the next one.
    const ahead = this.#takeAhead();
    try {
      await this.#beforeChange();
    } catch (error) {
      await letGo(ahead);
      throw error;
    }
    const { pipe, ended } = await (ahead ?? this.#start());
    const changes = await pipe();
    // It waited too long, or was ended. It has seen nothing of these changes.
    if (changes === undefined && ahead) return this.write(ldif);
    if (changes !== undefined) await hand(ldif, changes);
    await ended;
  }

  /** Ends one that was started ahead, when there is nothing to write. */
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
    ended.catch(() => {}); // the writer gets the error
    const pipe = async (): Promise<FileHandle | undefined> => {
      const changes = await openWhenRead(fifo);
      if (!over) return changes;
      await changes?.close();
      return undefined;
    };
    return { pipe, ended };
  }
}

/** Gives it the end of its input, so that it ends. */
async function letGo(ahead: Promise<Started> | undefined): Promise<void> {
  const started = await ahead?.catch(() => undefined);
  if (started === undefined) return;
  const changes = await started.pipe();
  await changes?.close();
  await started.ended.catch(() => {});
}

/** Without waiting for the event loop: a pipe holds the changes of some 25 users, and `ldbmodify` would wait for more while we compute. */
async function hand(ldif: Uint8Array, changes: FileHandle): Promise<void> {
  try {
    for (let at = 0; at < ldif.length; ) at += (await changes.write(ldif, at)).bytesWritten;
  } catch {
    // The exit of `ldbmodify` tells more than EPIPE.
  } finally {
    await changes.close();
  }
}

/** Gives each of them the end of its input, so that it ends. */
function letGoOfLeftOvers({ privateDir }: DomainLayout): void {
  for (const name of readdirSync(privateDir).filter(name => name.startsWith(FIFO))) {
    const fifo = join(privateDir, name);
    const fd = openIfRead(fifo);
    if (fd !== undefined) closeSync(fd);
    removeFifo(fifo);
  }
}

/** If the disk cannot be written, the FIFO stays until the next start and does no harm. */
function removeFifo(fifo: string): void {
  try {
    rmSync(fifo, { force: true });
  } catch (error) {
    if (diskError(error, fifo) === undefined) throw error;
  }
}

/** Releases a writer that waits in `openWhenRead` for a reader that has ended. No new one can begin to wait after that. */
function letGoOfWriter(fifo: string): void {
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  removeFifo(fifo);
  closeSync(reader);
}

/** Opens the FIFO for writing as soon as `ldbmodify` reads it; undefined if that has ended before. */
async function openWhenRead(fifo: string): Promise<FileHandle | undefined> {
  try {
    // This waits for a reader in its own thread, and creates no file if the FIFO is removed.
    return await open(fifo, constants.O_WRONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Opens the FIFO without waiting; undefined if nobody reads it. */
function openIfRead(fifo: string): number | undefined {
  try {
    return openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENXIO' || code === 'ENOENT') return undefined;
    throw error;
  }
}
