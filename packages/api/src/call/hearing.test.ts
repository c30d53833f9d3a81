import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCEPTS_HEADER } from '@causeway/contract';
import { hearing } from '../index.ts';

test('takes what a peer announces from its last answer, and ignores errors from proxies', async () => {
  const answers: [number, string | undefined][] = [
    [200, 'report-2'],
    [502, undefined],
    [401, undefined],
    [400, undefined],
    [200, 'account-3, report-2'],
  ];
  const { send, reads } = hearing(async () => {
    const [status, accepts] = answers.shift()!;
    const headers = new Headers(accepts === undefined ? {} : { [ACCEPTS_HEADER]: accepts });
    return { status, headers, text: async () => '' };
  });
  assert.equal(reads('report-2'), false, 'nothing is known yet');
  const heard: boolean[] = [];
  while (answers.length > 0) {
    await send('/', { method: 'GET', headers: {} });
    heard.push(reads('report-2'));
  }
  assert.deepEqual(heard, [true, true, true, false, true]);
});
