import { CallError, call, type Send } from '@causeway/api';
import { type Agent, enrolmentRoutes } from '@causeway/contract';
import { CLOUD_FOREST, normalizeFingerprint, publicKeyInfo, type TrustedSigner } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import type { TrustedAgent } from '../ledger/agent-book.ts';
import type { Ledger } from '../ledger/ledger.ts';

export type Trust = (keyId: string) => TrustedSigner | undefined;

/** Finds a trusted key with its forests. The tenant's own key is trusted for `CLOUD_FOREST` alone. */
export function trustOf(ledger: Ledger): Trust {
  const signers = new Map<string, { publicKey: string; forests: Set<string> }>();
  for (const { keyId, publicKey, forest } of ledger.agents.list()) {
    const known = signers.get(keyId) ?? { publicKey, forests: new Set<string>() };
    known.forests.add(forest);
    signers.set(keyId, known);
  }
  return keyId => signers.get(keyId);
}

export interface TrustRequest {
  readonly fingerprint: string;
  readonly forest: string;
  /** Fingerprints of the keys that it replaces. */
  readonly replaces?: readonly string[] | undefined;
}

const FOREST = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/**
 * Confirms a Connect's signing key for a forest. The tenant only delivers the key. Its fingerprint is computed here, from the key itself,
 * and must be the one that the administrator read at Connect.
 *
 * INVARIANT: a forest has one Connect. Another key replaces the trusted one only if the request names that one.
 *
 * @throws CausewayError 'bad-fingerprint', 'bad-forest', 'no-such-key', 'key-id-taken' or 'other-key'
 */
export async function trustAgent(
  ledger: Ledger,
  send: Send,
  { replaces = [], ...asked }: TrustRequest,
): Promise<{ trusted: TrustedAgent; replaced: TrustedAgent[] }> {
  const { forest: forestText } = asked;
  const fingerprint = checkedFingerprint(asked.fingerprint);
  const named = replaces.map(checkedFingerprint);
  const forest = forestText.toLowerCase();
  if (!FOREST.test(forest) || forest.length > 255) {
    throw new CausewayError(
      'bad-forest',
      `a forest's DNS name such as corp.example.com expected, got '${forestText}'`,
    );
  }
  const offered = (await listAgents(send)).flatMap(agent => offeredKey(agent) ?? []);
  const found = offered.find(({ key }) => key.fingerprint === fingerprint);
  if (!found) {
    const names = offered.map(({ name, key }) => `'${name}' with ${key.fingerprint}`).join(', ');
    throw new CausewayError(
      'no-such-key',
      `no Connect of the tenant has the signing key ${fingerprint}; it offers ${names || 'none'}`,
    );
  }
  const { keyId, publicKey } = found.key;
  // Records name their key by 80 bits of its fingerprint, and a second key can be made to share these.
  if (ledger.agents.list().some(known => known.keyId === keyId && known.publicKey !== publicKey)) {
    throw new CausewayError('key-id-taken', `another key with the key id ${keyId} is trusted already`);
  }
  if (ledger.agents.list().some(known => known.keyId === keyId && known.forest === CLOUD_FOREST)) {
    throw new CausewayError(
      'tenant-key',
      "this is the tenant's own key, which signs cloud-only users and never a forest",
    );
  }
  const trustedAt = ledger.timestamp();
  const agent = { keyId, forest, publicKey, fingerprint, trustedAt };
  const replaced = refuseUnnamed(ledger, { fingerprint, forest, named });
  const instead = replaced.map(one => `, in the place of ${one.fingerprint}`).join('');
  // Resets the feed first. A kill in between reads it once more than needed, but never leaves records refused whose key is trusted.
  ledger.transaction(() => {
    ledger.state.set('cursor', '');
    ledger.audit.add({ action: 'trust-agent', subject: fingerprint, detail: `forest ${forest}${instead}` });
  });
  ledger.agents.trust(agent, replaced);
  return { trusted: agent, replaced };
}
/** @returns the keys that the new one replaces, all of which the request named */
function refuseUnnamed(
  ledger: Ledger,
  { fingerprint, forest, named }: { fingerprint: string; forest: string; named: readonly string[] },
): TrustedAgent[] {
  const others = ledger.agents.list().filter(one => one.forest === forest && one.fingerprint !== fingerprint);
  const wrong = named.find(each => !others.some(one => one.fingerprint === each));
  const unnamed = others.filter(one => !named.includes(one.fingerprint));
  if (wrong === undefined && unnamed.length === 0) return others;
  const known = others.map(one => `${one.fingerprint} since ${one.trustedAt}`).join(', ') || 'no other one';
  const how =
    others.length === 0
      ? "leave out '--replace'"
      : `to trust ${fingerprint} in its place, name it: --replace ${others.map(one => one.fingerprint).join(' ')}`;
  throw new CausewayError(
    'other-key',
    `${wrong === undefined ? '' : `the key ${wrong} is not trusted for ${forest}; `}trusted for ${forest} is ${known}, and a forest has one Connect, so nothing was changed; ${how}`,
  );
}

async function listAgents(send: Send): Promise<Agent[]> {
  try {
    return (await call(send, enrolmentRoutes.listAgents)).agents;
  } catch (cause) {
    if (!(cause instanceof CallError)) throw cause;
    const message = `the tenant does not say which keys its agents have: ${cause.message}`;
    throw new CausewayError('tenant-unavailable', message, { cause });
  }
}

/** Takes a confirmation back, for one forest or for all. What was written stays as it is. */
export function untrustAgent(ledger: Ledger, fingerprintText: string, forest?: string): TrustedAgent[] {
  const fingerprint = checkedFingerprint(fingerprintText);
  const agents = ledger.agents
    .list()
    .filter(agent => agent.forest !== CLOUD_FOREST)
    .filter(agent => agent.fingerprint === fingerprint && (!forest || agent.forest === forest.toLowerCase()));
  if (agents.length === 0) {
    throw new CausewayError('no-such-key', `no trusted agent has the signing key ${fingerprint}`);
  }
  ledger.agents.untrust(agents);
  ledger.transaction(() => {
    for (const agent of agents) {
      ledger.audit.add({ action: 'untrust-agent', subject: fingerprint, detail: `forest ${agent.forest}` });
    }
    ledger.state.set('cursor', '');
  });
  return agents;
}

export function checkedFingerprint(text: string): string {
  const fingerprint = normalizeFingerprint(text);
  if (fingerprint !== undefined) return fingerprint;
  throw new CausewayError(
    'bad-fingerprint',
    `a fingerprint of 13 groups of 4 characters expected, got '${text}'`,
  );
}

/** The key that an agent in the tenant's list really has; undefined if it has none or an invalid one. */
function offeredKey({ name, signingKey }: Agent) {
  if (signingKey === null) return undefined;
  try {
    return { name, key: publicKeyInfo('signing', signingKey.publicKey) };
  } catch {
    return undefined;
  }
}
