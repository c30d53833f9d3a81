import { OBJECT_ATTRIBUTES } from '@causeway/active-directory';
import { CallError } from '@causeway/api';
import { isReadBy, PROFILE_RECORD } from '@causeway/contract';
import type { ConnectorContext } from '../../context.ts';
import { signedReads } from '../../pairing/signed-reads.ts';
import { compileRules, type ProfileRules, type Rules } from '../../scope/rules.ts';

/**
 * Asks whether whole profiles may be sent. If the tenant cannot be reached, nothing changes.
 *
 * INVARIANT: a new version of a record goes only to readers that support it, tenant and managed domain. What the managed domain signed that
 * it reads, no tenant can take back.
 */
export async function askForProfiles({ store, tenant }: ConnectorContext): Promise<void> {
  try {
    const { accepts, domainAccepts, windowsCredentialsSyncConfig } = await tenant.configuration(false, 1);
    const { domain } = windowsCredentialsSyncConfig;
    const announced =
      isReadBy(accepts, PROFILE_RECORD) && (!domain || isReadBy(domainAccepts, PROFILE_RECORD));
    const isTaken = announced || signedReads(store).includes(PROFILE_RECORD);
    store.cursors.set('whole-profiles', isTaken ? 'yes' : undefined);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
  }
}

const IMPORTED = new Map(Object.keys(OBJECT_ATTRIBUTES).map(name => [name.toLowerCase(), name]));

/** The configured profile rules; undefined: no whole profiles are sent. An attribute imported for every object has one spelling. */
export function profileRules({
  store,
  connector,
}: Pick<ConnectorContext, 'store' | 'connector'>): ProfileRules | undefined {
  return store.cursors.get('whole-profiles') === undefined ? undefined : profileWith(connector.extensions);
}

/** A whole profile with these attributes besides the standard ones. */
export function profileWith(extensions: readonly string[]): ProfileRules {
  const named = extensions.map(name => IMPORTED.get(name.toLowerCase()) ?? name);
  return { extensions: [...new Set(named)].sort() };
}

/** The rules that the configuration asks for. */
export const wantedRules = (context: Pick<ConnectorContext, 'store' | 'connector'>): Rules =>
  compileRules(context.connector, profileRules(context));
