import type { ReplicatedUser } from '@causeway/active-directory';
import { httpSend } from '@causeway/api';
import { generateSigningKey, signingPublicKey, verifyRecord } from '@causeway/records';
import { type Clock, createLog } from '@causeway/service';
import { ConnectConfiguration } from '../configuration.ts';
import { type ConnectorContext, scopeOf } from '../context.ts';
import { applyRules } from '../objects/apply-rules.ts';
import { findKnown, putObject } from '../objects/groups/put-object.ts';
import type { DirectoryObject } from '../objects/merge.ts';
import { connectorStore, openStore } from '../store/store.ts';
import { TenantClient } from '../tenant/tenant-client.ts';
import type { ProvisioningPeer } from './provisioning-peer.ts';

export const FOREST = 'corp.example.com';

/** A connector's context over a store in memory and a scripted tenant. The test provides the domain controller. */
export function testContext(
  peer: ProvisioningPeer,
  settings: {
    objectBatch?: number;
    passwordBatch?: number;
    deletionThreshold?: number;
    temporaryPasswords?: 'keep';
    growth?: 'hold';
  } = {},
  clock?: Clock,
): ConnectorContext {
  const configuration = ConnectConfiguration.parse({
    stateDirectory: '/nonexistent',
    tenant: { url: peer.url },
    connectors: [
      {
        name: FOREST,
        forest: FOREST,
        server: '127.0.0.1',
        caFile: '/nonexistent',
        account: `connector@${FOREST}`,
        password: 'env:NONE',
      },
    ],
    ...settings,
  });
  const log = createLog('test', { write: () => {} });
  const signingKey = generateSigningKey();
  const connector = configuration.connectors[0]!;
  const publicKey = signingPublicKey(signingKey);
  peer.groups.believed = { ...publicKey, tenant: peer.tenantId, forest: FOREST };
  const domains: ConnectorContext[] = [];
  const context = {
    domains,
    connector,
    settings: configuration,
    scope: scopeOf(connector),
    store: connectorStore(openStore(undefined, log, clock), FOREST),
    tenant: new TenantClient(httpSend({ url: peer.url, timeoutMs: 5_000 }), undefined, clock),
    agent: {
      tenantId: peer.tenantId,
      tenantName: 'peer',
      agentId: peer.tenantId,
      clientId: 'peer-client',
      issuer: peer.url,
      tokenEndpoint: `${peer.url}/token`,
      signingKey,
      publicKey,
    },
    staging: false,
    log,
  };
  domains.push(context);
  applyRules(context);
  return context;
}

/** The n-th user of the directory. */
export function person(n: number, attributes: Record<string, string | string[]> = {}): DirectoryObject {
  const sam = `user${n}`;
  return {
    guid: guidOf(n),
    dn: `CN=User ${n},OU=People,DC=corp,DC=example,DC=com`,
    objectClasses: ['top', 'person', 'organizationalPerson', 'user'],
    attributes: {
      sAMAccountName: sam,
      userPrincipalName: `${sam}@${FOREST}`,
      objectSid: `S-1-5-21-1-2-3-${1000 + n}`,
      userAccountControl: '512',
      displayName: `User ${n}`,
      ...attributes,
    },
    deleted: false,
  };
}

/** The n-th group of the directory. Groups and users share one numbering, so that no GUID is both. */
export function group(n: number, attributes: Record<string, string | string[]> = {}): DirectoryObject {
  return {
    guid: guidOf(n),
    dn: `CN=Group ${n},OU=Groups,DC=corp,DC=example,DC=com`,
    objectClasses: ['top', 'group'],
    attributes: {
      ...{ sAMAccountName: `group${n}`, cn: `Group ${n}`, objectSid: `S-1-5-21-1-2-3-${1000 + n}` },
      ...{ groupType: '-2147483646', ...attributes },
    },
    deleted: false,
  };
}

export const guidOf = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

/** Puts objects into the connector space, as an import would. */
export function imported(context: ConnectorContext, ...people: DirectoryObject[]): void {
  applyRules(context);
  for (const object of people) {
    const found = findKnown(context.store, object.guid, object.objectClasses);
    putObject(context, found, object, { generation: 0, domainSid: DOMAIN_SID });
  }
}

/** The SID of the domain that a test's connector reads. */
export const DOMAIN_SID = 'S-1-5-21-1-2-3';

/** A complete password from replication. Each byte of the hash is the version, so that tests can find it again. */
export function replicated(n: number, version: number, more: Partial<ReplicatedUser> = {}): ReplicatedUser {
  return {
    objectGuid: guidOf(n),
    distinguishedName: person(n).dn,
    isDeleted: false,
    ntHash: new Uint8Array(16).fill(version),
    kerberosKeys: {
      salt: `CORP.EXAMPLE.COMuser${n}`,
      iterations: 4096,
      keys: [{ enctype: 18, key: new Uint8Array(32).fill(version) }],
    },
    pwdLastSet: 133_000_000_000_000_000n + BigInt(version),
    passwordOrder: {
      version,
      originatingTime: 13_300_000_000 + version,
      originatingInvocationId: guidOf(0xabc),
    },
    ...more,
  };
}

/** Verifies a record as the managed domain would, with this Connect's key confirmed for its forest. */
export function believed(context: ConnectorContext, record: string) {
  const { agent } = context;
  const signer = { publicKey: agent.publicKey.publicKey, forests: new Set([FOREST]) };
  const trust = (keyId: string) => (keyId === agent.publicKey.keyId ? signer : undefined);
  return verifyRecord(record, trust, { tenant: agent.tenantId });
}
