import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareOutput, parseDocument, passwordAsked } from './document.ts';
import type { Outcome, TutorialShell } from './shell.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The reader who plays a document, and what the document leaves to them. */
export interface Reader {
  readonly shell: TutorialShell;
  /** What the reader types when a command asks for an account's password. The account is named as in the prompt. */
  passwordOf(account: string): string | Promise<string>;
  /** Runs a script of PowerShell. */
  runScript?(script: string): Promise<Outcome>;
  /** Replaces the document's examples with this reader's values. */
  fillIn?(text: string): string;
}

/** Plays a document step by step, one test per step, and compares the output that it shows. */
export function playDocument(document: string, reader: Reader): void {
  const { shell } = reader;
  const text = readFileSync(join(ROOT, document), 'utf8');
  /** After a failed step the next ones would fail for no reason of their own. */
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
