import { randomUUID } from 'node:crypto';
import { type Agent, type AgentJwk, compareVersions, isVersion, type PublicKey } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { countDecision } from '../changes/change-counter.ts';
import type { AgentRuns } from '../tenancy/agent-runs.ts';
import { digestOf } from '../tenancy/digest.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { insertCode } from './enrolment-codes.ts';
import { type Claim, dropAgent, type Replaced, refuseUnnamed, replaceAgents } from './replaced-agents.ts';

/**
 * Makes a code with which one agent enrols. A staging agent takes no other's place.
 * @throws CausewayError 'other-agent' for an agent that it would replace without naming it
 */
export async function createEnrolment(
  scope: TenantScope,
  { name, staging = false, ...claim }: Claim & { readonly name: string; readonly staging?: boolean },
): Promise<{ code: string; expiresAt: Date }> {
  if (!staging) await refuseUnnamed(scope, claim);
  const { kind, forests, replaces } = claim;
  return insertCode(scope, { kind, name, forests, replaces, staging });
}

/**
 * Checks a managed domain's code, which stays unused.
 * @throws CausewayError 'enrolment-refused' or 'other-agent' as `enrol`, or 'wrong-kind'
 */
export async function checkDomainCode(scope: TenantScope, code: string): Promise<void> {
  const known = await scope
    .select('enrolments')
    .select(['kind', 'forests', 'replaces'])
    .where('code_digest', '=', digestOf(code))
    .where('agent_id', 'is', null)
    .where('expires_at', '>', scope.now())
    .executeTakeFirst();
  if (!known) throw enrolmentRefused();
  if (known.kind === 'domain') return refuseUnnamed(scope, known);
  throw new CausewayError('wrong-kind', 'this code enrols a Connect, not a managed domain');
}

export interface Enrolment {
  readonly code: string;
  readonly version: string;
  readonly jwk: AgentJwk;
  readonly signingKey: PublicKey | null;
  readonly staging?: boolean | undefined;
}

export interface Enrolled extends Pick<Claim, 'kind' | 'forests'> {
  readonly id: string;
  readonly name: string;
  readonly replaced: readonly Replaced[];
}

/**
 * @throws CausewayError 'enrolment-refused', the same for a code that is wrong, used or too old; 'other-agent' if the code does not
 * name the agent that it would replace, because that one came later or an earlier release made the code
 */
export async function enrol(
  scope: TenantScope,
  enrolment: Enrolment,
  minimumVersion: string,
): Promise<Enrolled> {
  return scope.transaction(async inside => {
    // Deleting the row uses the code: of two agents with one code only one deletes it.
    const used = await inside
      .delete('enrolments')
      .where('code_digest', '=', digestOf(enrolment.code))
      .where('agent_id', 'is', null)
      .where('expires_at', '>', inside.now())
      .returning(['kind', 'name', 'forests', 'replaces', 'staging'])
      .executeTakeFirst();
    if (!used) throw enrolmentRefused();
    if ((used.kind === 'connect') !== (enrolment.signingKey !== null)) {
      throw new CausewayError(
        'wrong-kind',
        `this code enrols a ${used.kind} agent, which ${used.kind === 'connect' ? 'needs a' : 'has no'} signing key`,
      );
    }
    if (used.kind === 'connect') refuseOldAgent(enrolment.version, minimumVersion);
    if (used.staging !== (enrolment.staging ?? false)) throw otherStaging(used);
    await countDecision(inside);
    const replaced = used.staging ? [] : await replaceAgents(inside, used);
    const id = randomUUID();
    await inside
      .insert('agents', {
        id,
        kind: used.kind,
        name: used.name,
        version: enrolment.version,
        jwk: JSON.stringify(enrolment.jwk),
        signing_key: enrolment.signingKey && JSON.stringify(enrolment.signingKey),
        forests: JSON.stringify(used.forests),
        staging: used.staging,
        enrolled_at: inside.now(),
      })
      .execute();
    return { id, kind: used.kind, name: used.name, forests: used.forests, replaced };
  });
}

/** A Connect that wants to write would be rejected at every call, and one of an earlier release knows nothing of staging. */
function otherStaging({ staging }: { staging: boolean }): CausewayError {
  const text = staging
    ? "this code enrols a Connect that stages: run 'causeway connect enrol --staging'"
    : "this code enrols a Connect that writes, not one that stages: leave out '--staging', or have a code made with it";
  return new CausewayError('wrong-kind', text);
}

/** @throws CausewayError 'agent-too-old' that says which version is needed */
export function refuseOldAgent(version: string, minimum: string): void {
  if (isVersion(version) && compareVersions(version, minimum) >= 0) return;
  throw new CausewayError(
    'agent-too-old',
    `this Connect is version ${isVersion(version) ? version : 'unknown'}, and the tenant needs ${minimum} or later: update it`,
  );
}

export function enrolmentRefused(): CausewayError {
  return new CausewayError('enrolment-refused', 'the one-time code is wrong, used or expired');
}

/** @param whole false for a reader of an earlier release, which knows nothing of staging */
export async function listAgents(scope: TenantScope, whole = true): Promise<Agent[]> {
  const rows = await scope.select('agents').selectAll().orderBy('enrolled_at').execute();
  return rows.map(row => ({
    id: row.id,
    kind: row.kind,
    name: row.name,
    version: row.version,
    signingKey: row.signing_key,
    forests: row.forests,
    ...(whole && row.staging && { staging: true as const }),
    enrolledAt: row.enrolled_at.toISOString(),
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
  }));
}

/** The agents with several starts side by side. */
export async function agentsRunningTwice(scope: TenantScope, runs: AgentRuns) {
  const agents = await scope.select('agents').select(['id', 'kind', 'name']).orderBy('enrolled_at').execute();
  return agents
    .map(({ id, kind, name }) => ({ id, kind, name, runs: runs.together(id) }))
    .filter(agent => agent.runs.length > 0);
}

/**
 * Sets the forests that a Connect speaks for, and takes them from the agents that `replaces` names.
 * @throws CausewayError 'no-such-agent', 'wrong-kind' for an agent that is no Connect, or 'other-agent'
 */
export async function setForests(
  scope: TenantScope,
  id: string,
  forests: readonly string[],
  replaces: readonly string[],
): Promise<readonly Replaced[]> {
  return scope.transaction(async inside => {
    await countDecision(inside);
    const agent = await inside
      .select('agents')
      .select(['kind', 'staging'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (!agent) throw noSuchAgent(id);
    const { kind, staging } = agent;
    if (kind !== 'connect') {
      throw new CausewayError(
        'wrong-kind',
        `agent ${id} is a ${kind} agent: only a Connect speaks for forests`,
      );
    }
    const replaced = staging ? [] : await replaceAgents(inside, { kind, forests, replaces, agentId: id });
    await inside
      .update('agents')
      .set({ forests: JSON.stringify(forests) })
      .where('id', '=', id)
      .execute();
    return replaced;
  });
}

export async function kindOfAgent(scope: TenantScope, id: string): Promise<'connect' | 'domain' | undefined> {
  const agent = await scope.select('agents').select('kind').where('id', '=', id).executeTakeFirst();
  return agent?.kind;
}

/** Removes an agent with its tokens. @throws CausewayError 'no-such-agent' */
export async function removeAgent(scope: TenantScope, id: string): Promise<void> {
  await scope.transaction(async inside => {
    await countDecision(inside);
    if (!(await dropAgent(inside, id))) throw noSuchAgent(id);
  });
}

function noSuchAgent(id: string): CausewayError {
  return new CausewayError('no-such-agent', `there is no agent ${id}`);
}
