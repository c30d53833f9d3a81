import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { generateSealingKey, generateSigningKey, verifyHead } from '@causeway/records';
import { compareHead } from '../heads/compare-head.ts';
import { Ledger } from '../ledger/ledger.ts';
import { publicDomainKeys } from '../pairing/domain-keys.ts';
import { trustOf } from '../pairing/trust.ts';
import { placesOf } from '../places.ts';
import { noteStanding, type Standing } from '../registration/standing.ts';
import { ForestPeer } from '../testing/index.ts';
import { readStatus } from './status.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-status-'));
after(() => rmSync(folder, { recursive: true }));

test('only the tenant’s own managed domain reports that it is complete', async () => {
  const tenant = randomUUID();
  const forest = new ForestPeer(tenant);
  const ledger = new Ledger(join(folder, 'ledger.db'));
  after(() => ledger.close());
  const now = new Date().toISOString();
  ledger.agents.trust({ ...forest.publicKey, forest: forest.forest, trustedAt: now });
  const read = verifyHead(forest.head([]), trustOf(ledger), { tenant });
  assert.ok(read.ok);
  ledger.heads.saveHead({ ...read.head, receivedAt: now });
  const { buckets } = ledger.heads.summary(forest.forest);
  const comparison = compareHead(undefined, read.head, { buckets, look: () => 'same' as never }, now);
  ledger.heads.saveComparison(forest.forest, comparison);
  const keys = publicDomainKeys({ sealing: await generateSealingKey(), receipts: generateSigningKey() });
  const places = placesOf({ stateDirectory: folder });
  const limits = { differenceMs: 1000, silenceMs: 60_000 };
  const enrolment = { tenantName: 'contoso' } as Parameters<typeof readStatus>[0]['enrolment'];
  const sources = {
    ledger,
    places,
    keys,
    limits,
    enrolment,
    realm: 'AADDS.EXAMPLE.NET',
    onPremisesSids: 'all' as const,
  };

  const shown = () => readStatus(sources, undefined);
  const replaced = { state: 'replaced', realm: 'AADDS2.EXAMPLE.NET', fingerprint: 'F' } as const;
  const standings: (Standing | undefined)[] = [
    undefined,
    replaced,
    { state: 'registered' },
    { state: 'withdrawn' },
    { state: 'unknown' },
    { state: 'removed' },
  ];
  for (const standing of standings) {
    if (standing) noteStanding(ledger, standing);
    const lost = ['replaced', 'withdrawn', 'removed'].includes(standing?.state ?? '');
    const { registration, arrivals } = shown();
    assert.equal(registration.state, standing?.state ?? 'unknown');
    assert.equal(registration.alarm !== null, lost, standing?.state);
    const [arrival] = arrivals;
    assert.deepEqual(
      [arrival!.state, arrival!.completeAsOf !== null],
      lost ? ['not registered', false] : ['complete', true],
    );
  }
});
