import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectConfiguration } from '../configuration.ts';
import { adminSocket, adminSocketPath } from './socket.ts';

const configured = (more: object) =>
  ConnectConfiguration.parse({
    tenant: { url: 'https://tenant.example.net' },
    connectors: [
      {
        name: 'c',
        forest: 'corp.example.com',
        server: 'dc',
        caFile: '/ca.pem',
        account: 'a@b',
        password: 'env:X',
      },
    ],
    ...more,
  });

test('places the socket where the group can reach it, unless the state has a folder of its own', {
  skip: process.platform === 'win32' && 'Windows has named pipes',
}, () => {
  const usual = { path: '/run/causeway/connect.sock', group: 'causeway-admins' };
  assert.deepEqual(adminSocket(configured({})), usual);
  const elsewhere = configured({ stateDirectory: '/srv/connect' });
  assert.equal(adminSocket(elsewhere), undefined);
  assert.equal(adminSocketPath(elsewhere), '/srv/connect/api.sock');
  const named = configured({ stateDirectory: '/srv/connect', adminApi: { socket: '/srv/admin.sock' } });
  assert.deepEqual(adminSocket(named), { ...usual, path: '/srv/admin.sock' });
});
