import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Places } from '../places.ts';
import { openTenant } from './identity.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-domain-identity-'));
after(() => rmSync(folder, { recursive: true }));

test('a managed domain that lost its agent key gets a new one and keeps running', async () => {
  const agent = { identity: join(folder, 'enrolment.json'), key: join(folder, 'agent-key.pem') };
  const id = '00000000-0000-4000-8000-000000000001';
  const identity = { tenantId: id, tenantName: 'contoso', agentId: id, clientId: id };
  const issuer = 'https://tenant.example.net/t/contoso';
  await openTenant(
    { agent } as Places,
    { url: 'https://tenant.example.net' },
    {
      ...identity,
      ...{ issuer, tokenEndpoint: `${issuer}/token` },
    },
  );
  assert.ok(existsSync(agent.key));
});
