import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareOutput, parseDocument, passwordAsked } from './document.ts';
import type { Outcome, TutorialShell } from './shell.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Who plays a document, and what the document leaves to its reader. */
export interface Reader {
  readonly shell: TutorialShell;
  /** What the reader types where a command asks for the password of an account, which is named as the command names it. */
  passwordOf(account: string): string | Promise<string>;
  /** Runs a script of PowerShell. */
  runScript?(script: string): Promise<Outcome>;
  /** Puts what this reader has in the place of the document's examples. */
  fillIn?(text: string): string;
}

/** Plays a document from its first step to its last, a test each, and compares what it says of the output. */
export function playDocument(document: string, reader: Reader): void {
  const { shell } = reader;
  const text = readFileSync(join(ROOT, document), 'utf8');
  /** A step that failed leaves nothing for those behind it to stand on. */
  let failed = false;
  for (const step of parseDocument(text)) {
    const what =
      step.kind === 'file' ? step.path : step.kind === 'shell' ? step.command.split('\n')[0] : 'a script';
    test(`line ${step.line}: ${what}`, async () => {
      assert.ok(!failed, 'a step before this one failed');
      failed = true;
      const fillIn = (words: string): string => reader.fillIn?.(words) ?? words;
      if (step.kind === 'file') await shell.write(step.path, fillIn(step.content));
      else {
        const expected = step.expected.map(fillIn);
        const account = passwordAsked(expected);
        const typed = account === undefined ? undefined : await reader.passwordOf(account);
        const { lines } = await (step.kind === 'shell'
          ? shell.run(fillIn(step.command), typed)
          : reader.runScript!(step.script));
        const wrong = compareOutput(expected, lines);
        assert.equal(wrong, undefined, `${document}, line ${step.line}: ${wrong}`);
      }
      failed = false;
    });
  }
}
