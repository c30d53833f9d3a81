import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Raise it when a folder of an earlier lab can no longer be used. */
const LAB_VERSION = 1;

export const labDirectory = (): string => process.env.CAUSEWAY_LAB_DIR ?? '/var/lib/causeway-lab';

/** Path inside the lab's folder. */
export const labPath = (...parts: string[]): string => join(labDirectory(), ...parts);

/** Makes the lab's folder, readable by root alone. Refuses one of another version. */
export function openLab(): void {
  const stamp = labPath('version');
  if (existsSync(stamp)) {
    const found = readFileSync(stamp, 'utf8').trim();
    if (found !== String(LAB_VERSION))
      throw new Error(
        `${labDirectory()} is a lab of version ${found}, this one is ${LAB_VERSION}; run: causeway lab reset`,
      );
    return;
  }
  mkdirSync(labDirectory(), { recursive: true, mode: 0o700 });
  chmodSync(labDirectory(), 0o700);
  writeFileSync(stamp, `${LAB_VERSION}\n`);
}

/** Whether the lab made this folder, and so may remove it. */
export const isLab = (): boolean => existsSync(labPath('version'));
