import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Difference } from '@causeway/contract';
import { addPage, countAll, describeReport, newReport, reportJson } from './difference-report.ts';

const difference = (change: Partial<Difference> = {}): Difference => ({
  ...{ kind: 'user', what: 'differs', sourceAnchor: 'anchor', name: 'ann@corp.example.com' },
  ...{ attributes: [], waits: null, at: null, note: null },
  ...change,
});
const page = (differences: Difference[]) => ({ differences, here: 3, there: 2, unread: 0, next: null });

test('separates open differences from those that wait, counts all and prints as many as asked for', () => {
  const report = newReport('corp.example.com');
  const attributes = [{ name: 'accountEnabled', here: true, there: false }];
  addPage(
    report,
    'user',
    page([
      difference({ what: 'only-here', waits: 'approval', note: 'see causeway connect creations' }),
      difference({ what: 'only-here', waits: 'cycle' }),
      difference({ attributes }),
      difference({ kind: 'password', attributes: [{ name: 'password', here: 'version 3', there: null }] }),
      difference({ what: 'only-there', note: 'not known here', name: 'evil\n\u001b[2Jline' }),
    ]),
    1,
  );
  const waits = { waits: 'retry', at: '2026-12-01T00:00:00.000Z', note: 'it said why' } as const;
  addPage(report, 'membership', page([difference({ kind: 'membership', what: 'only-here', ...waits })]), 9);
  assert.equal(countAll(report), 6);
  const { differences, omitted, counts } = reportJson(report);
  assert.deepEqual([differences.length, omitted], [3, 3]);
  assert.deepEqual(counts.user, { here: 3, there: 2, onlyHere: 2, onlyThere: 1, differ: 1, waiting: 2 });
  const text = describeReport(report).map(line => line.trim());
  assert.ok(
    text.includes('user ann@corp.example.com (anchor): accountEnabled here true, at the tenant false'),
    text.join('\n'),
  );
  assert.ok(text.includes('3 differences:') && text.includes('3 differences that wait:'));
  assert.ok(text.includes('and 2 more: --all shows them') && text.includes('and 1 more: --all shows them'));
  assert.ok(
    text.includes(
      'membership ann@corp.example.com (anchor): only here; is tried again at 2026-12-01T00:00:00.000Z: it said why',
    ),
  );
});

test('a name from the tenant cannot add lines to the report', () => {
  const report = newReport('corp.example.com');
  addPage(
    report,
    'user',
    page([difference({ what: 'only-there', name: 'evil\n  nothing differs\u001b[2J' })]),
    9,
  );
  const lines = describeReport(report);
  assert.equal(/\p{Cc}/u.test(lines.join('')), false);
  assert.equal(lines.filter(line => line.trim() === 'nothing differs').length, 0);
});

test('reports that nothing differs, and how many passwords were not compared', () => {
  const report = newReport('corp.example.com');
  addPage(report, 'user', { ...page([]), unread: 2 }, 9);
  const text = describeReport(report).map(line => line.trim());
  assert.ok(text.includes('nothing differs'));
  assert.ok(text.some(line => line.startsWith('the passwords of 2 people were not compared')));
});

test('shows each difference of a staging Connect as one that it would send, and its staging even if nothing differs', () => {
  const report = newReport('corp.example.com');
  const staged = { staging: true as const, unread: 7 };
  addPage(
    report,
    'user',
    {
      ...page([
        difference({ what: 'only-here', waits: 'staging' }),
        difference({ what: 'only-there', waits: 'staging', note: 'not synchronized: in no group' }),
      ]),
      ...staged,
    },
    9,
  );
  const text = describeReport(report).map(line => line.trim());
  assert.equal(text[0], 'corp.example.com: this Connect stages, and sends nothing');
  assert.ok(text.includes('2 differences that it would send:'), text.join('\n'));
  assert.ok(
    text.includes(
      'user ann@corp.example.com (anchor): only at the tenant; would be sent: not synchronized: in no group',
    ),
  );
  assert.ok(text.some(line => /passwords of 7 people were not compared.*reads none/.test(line)));
  assert.equal(reportJson(report).staging, true);
  const nothing = newReport('corp.example.com');
  addPage(nothing, 'user', { ...page([]), ...staged }, 9);
  const lines = describeReport(nothing);
  assert.match(lines[0]!, /stages/);
  assert.ok(lines.includes('  nothing differs'));
});
