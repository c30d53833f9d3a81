import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Raised when a folder of an earlier lab can't be used any more. */
const LAB_VERSION = 1;

export const labDirectory = (): string => process.env.CAUSEWAY_LAB_DIR ?? '/var/lib/causeway-lab';

/** Path inside the lab's folder. */
export const labPath = (...parts: string[]): string => join(labDirectory(), ...parts);

/** Makes the lab's folder, readable by root alone; one of another version is refused. */
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

/** Whether the lab's folder is one that we made, and so may remove. */
export const isLab = (): boolean => existsSync(labPath('version'));
