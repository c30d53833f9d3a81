import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { runTool } from '@causeway/samba';

/** A real disk of a few megabytes: an ext4 file system in a file, which can be filled and made to fail. Needs root and loop devices. */
export class SmallDisk {
  readonly folder: string;
  readonly #root: string;

  private constructor(root: string, folder: string) {
    this.#root = root;
    this.folder = folder;
  }

  /** @param at the mount point; a folder of its own when absent */
  static async make(megabytes: number, at?: string): Promise<SmallDisk> {
    const root = mkdtempSync(join(tmpdir(), 'causeway-disk-'));
    const disk = new SmallDisk(root, at ?? join(root, 'disk'));
    const image = join(root, 'image');
    mkdirSync(disk.folder, { recursive: true });
    chmodSync(root, 0o711); // PostgreSQL's user passes through; what lies within is as private as its owner makes it
    await runTool('truncate', ['-s', `${megabytes}M`, image]);
    // Becomes read-only at the first error, as Debian sets up real disks. Reserves nothing for root.
    await runTool('mkfs.ext4', ['-q', '-e', 'remount-ro', '-m', '0', image]);
    await runTool('mount', ['-o', 'loop', image, disk.folder]);
    return disk;
  }

  /** Puts a disk in the place of a folder, with its content. Whoever opens the folder's path uses the disk from here on. */
  static async inPlaceOf(folder: string, megabytes: number): Promise<SmallDisk> {
    const before = mkdtempSync(join(tmpdir(), 'causeway-disk-'));
    if (existsSync(folder)) {
      await runTool('cp', ['-a', `${folder}/.`, before]);
      rmSync(folder, { recursive: true });
    }
    const disk = await SmallDisk.make(megabytes, folder);
    await runTool('cp', ['-a', `${before}/.`, folder]);
    rmSync(before, { recursive: true });
    return disk;
  }

  /** Fills it until not one more byte fits, not even into the log of a SQLite database that was longer once. */
  fill(): void {
    for (const log of globSync('*.db-wal', { cwd: this.folder })) {
      using database = new DatabaseSync(join(this.folder, log.replace(/-wal$/, '')), { timeout: 5_000 });
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    }
    const file = openSync(this.#filling, 'a');
    for (const size of [1024 * 1024, 4096, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
      fsyncSync(file);
    }
    closeSync(file);
  }

  makeRoom(): void {
    if (existsSync(this.#filling)) rmSync(this.#filling);
  }

  /** Fails as a disk whose controller reports an error: programs find it read-only. */
  async fail(): Promise<void> {
    const device = (await runTool('findmnt', ['-no', 'SOURCE', this.folder])).trim();
    writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, 'made up by a test\n');
  }

  /** As an administrator would: another disk, with the content of this one. Nobody may have a file open here. */
  async replace(): Promise<void> {
    const kept = join(this.#root, 'kept');
    await runTool('cp', ['-a', this.folder, kept]);
    await this.#unmount();
    await runTool('cp', ['-a', `${kept}/.`, this.folder]);
  }

  async remove(): Promise<void> {
    await this.#unmount().catch(() => {});
    rmSync(this.#root, { recursive: true, force: true });
  }

  get #filling(): string {
    return join(this.folder, 'filling');
  }

  /** A domain controller started meanwhile has its own view of the mounts: there it disappears with that. */
  async #unmount(): Promise<void> {
    await runTool('umount', ['--lazy', this.folder]);
  }
}
