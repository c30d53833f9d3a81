import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectorConfiguration } from '../configuration.ts';
import { controllersOf, hasSeveral } from './controllers-of.ts';

const entry = {
  ...{ name: 'corp.example.com', forest: 'corp.example.com', caFile: '/ca.pem' },
  ...{ account: 'connector@corp.example.com', password: 'env:NONE' },
};

test('an entry without a list has one domain controller', () => {
  const connector = ConnectorConfiguration.parse({ ...entry, server: 'dc1', ldapsPort: 10_636 });
  assert.deepEqual(controllersOf(connector), [connector]);
  assert.equal(hasSeveral(connector), false);
});

test('further domain controllers share the account and the CA, and nothing specific to the first one', () => {
  const connector = ConnectorConfiguration.parse({
    ...{ ...entry, server: '10.0.0.1', serverName: 'dc1', ldapsPort: 10_636, replicationPort: 50_000 },
    domainControllers: [{ server: 'dc2' }, { server: '10.0.0.3', serverName: 'dc3', caFile: '/dc3.pem' }],
  });
  const [first, second, third] = controllersOf(connector);
  assert.equal(first, connector);
  const { account, password } = connector;
  assert.deepEqual(
    [second!.server, second!.serverName, second!.ldapsPort, second!.replicationPort, second!.caFile],
    ['dc2', undefined, 636, undefined, '/ca.pem'],
  );
  assert.deepEqual([second!.account, second!.password], [account, password]);
  assert.deepEqual([third!.serverName, third!.caFile], ['dc3', '/dc3.pem']);
});
