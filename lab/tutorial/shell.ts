import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { labDirectory } from '../domains/state.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Folders that a document writes to. A test mounts its own behind the same names. */
const FOLDERS = ['/etc/causeway', '/var/lib/causeway', '/run/causeway'] as const;
/** The tutorial's lab is the one that runs already. */
export const LAB = '/var/lib/causeway-lab';
const ENTER = `set -e
i=0; for folder in ${FOLDERS.join(' ')}; do mkdir -p "$1/$i"; mount --bind "$1/$i" "$folder"; i=$((i+1)); done
mount --bind "$2" ${LAB}
exec bash --noprofile --norc`;

export interface Outcome {
  /** Standard output and standard error, as a terminal would show them. */
  lines: string[];
  code: number;
}

/** A reader's shell: one bash for all commands of a document, on a machine with Causeway and nothing of it set up yet. */
export class TutorialShell {
  readonly #folder = mkdtempSync(join(tmpdir(), 'causeway-tutorial-'));
  readonly #bash: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #made: string[] = [];

  constructor() {
    for (const folder of [...FOLDERS, LAB])
      if (mkdirSync(folder, { recursive: true }) !== undefined) this.#made.push(folder);
    const bin = join(this.#folder, 'bin');
    mkdirSync(bin);
    symlinkSync(join(ROOT, 'causeway'), join(bin, 'causeway'));
    const { CAUSEWAY_LAB_DIR: _, DATABASE_URL: __, ...env } = process.env;
    this.#bash = spawn('unshare', ['-m', 'bash', '-c', ENTER, 'enter', this.#folder, labDirectory()], {
      cwd: this.#folder,
      detached: true, // away from the terminal, where programs look first when they ask for a password
      env: {
        ...env,
        HOME: this.#folder,
        PATH: `${bin}:${env.PATH}`,
        // A reader with a home of their own need not download packages again.
        NUGET_PACKAGES: env.NUGET_PACKAGES ?? join(homedir(), '.nuget', 'packages'),
      },
    });
    this.#lines = createInterface({ input: this.#bash.stdout })[Symbol.asyncIterator]();
    this.#bash.stdin.write('exec 2>&1\n');
  }

  /** @param typed what the reader types when the command asks for something */
  async run(command: string, typed?: string): Promise<Outcome> {
    const mark = randomUUID();
    const input = typed === undefined ? '' : ` <<<'${typed}'`;
    this.#bash.stdin.write(`${command}${input}\nprintf '\\n%s %d\\n' ${mark} $?\n`);
    const lines: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`the shell ended in: ${command}`);
      const end = (value as string).startsWith(mark);
      if (!end) lines.push(value as string);
      else
        return {
          lines: lines.at(-1) === '' ? lines.slice(0, -1) : lines,
          code: Number((value as string).split(' ')[1]),
        };
    }
  }

  /** Writes a file of the document where the reader would. */
  async write(path: string, content: string): Promise<void> {
    const end = `END-${randomUUID()}`;
    const { code } = await this.run(
      `mkdir -p "$(dirname '${path}')" && cat > '${path}' <<'${end}'\n${content}${end}`,
    );
    if (code !== 0) throw new Error(`cannot write ${path}`);
  }

  /** Ends the shell and what it started in the background. */
  async close(): Promise<void> {
    // Twice, because a reader whose step failed may be in a shell within this one, on a machine of the lab.
    this.#bash.stdin.end('kill $(jobs -p) 2>/dev/null; wait; exit 0\n'.repeat(2));
    if (this.#bash.exitCode === null) await new Promise(resolve => this.#bash.once('exit', resolve));
    rmSync(this.#folder, { recursive: true, force: true });
    for (const folder of this.#made) rmdirSync(folder); // empty: what was in it was mounted over it
  }
}
