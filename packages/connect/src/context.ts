import type { Log } from '@causeway/service';
import { accountName, type ConnectConfiguration, type ConnectorConfiguration } from './configuration.ts';
import type { ConnectorStore } from './store/store.ts';
import type { Agent } from './tenant/identity.ts';
import type { TenantClient } from './tenant/tenant-client.ts';

export interface ScopeContext {
  /** Suffix of users without a userPrincipalName. */
  domain: string;
  /** sAMAccountName of Connect's own account, which is not synchronized. */
  ownAccount: string;
}

/** All that the steps of one connector work with. The steps of a whole forest use its first connector's. */
export interface ConnectorContext {
  /** The contexts of all connectors of the forest, one per domain, this one included. */
  readonly domains: readonly ConnectorContext[];
  readonly connector: ConnectorConfiguration;
  readonly settings: ConnectConfiguration;
  readonly scope: ScopeContext;
  readonly store: ConnectorStore;
  readonly tenant: TenantClient;
  readonly agent: Agent;
  /** Whether this Connect stages: it reads and decides, and neither signs nor sends anything. */
  readonly staging: boolean;
  readonly log: Log;
}

export function scopeOf(connector: ConnectorConfiguration): ScopeContext {
  return {
    domain: connector.domain ?? connector.forest,
    ownAccount: accountName(connector.account),
  };
}
