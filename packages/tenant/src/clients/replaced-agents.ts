import { CausewayError } from '@causeway/service';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** What an agent wants to do, and whose place it may take for that. */
export interface Claim {
  readonly kind: 'connect' | 'domain';
  /** The forests that a Connect wants to speak for. */
  readonly forests: readonly string[];
  /** Ids of the agents that an administrator named. */
  readonly replaces: readonly string[];
  /** The claimant, if it is enrolled: it does not replace itself. */
  readonly agentId?: string;
  /** A staging Connect changes places with the named agents. */
  readonly by?: 'promotion';
}

export interface Replaced {
  readonly id: string;
  readonly name: string;
  /** The forests that it still speaks for. An agent without any is removed. */
  readonly forests: readonly string[];
}

export interface Holder {
  readonly id: string;
  readonly name: string;
  readonly forests: readonly string[];
  readonly enrolled_at: Date;
  readonly last_seen_at: Date | null;
}

/** The agents that do it now. A tenant has one agent of a managed domain, and a forest has one Connect that does not stage. */
export async function holdersOf(scope: TenantScope, { kind, forests, agentId }: Claim): Promise<Holder[]> {
  const rows = await scope
    .select('agents')
    .select(['id', 'name', 'forests', 'enrolled_at', 'last_seen_at'])
    .where('kind', '=', kind)
    .where('staging', '=', false)
    .orderBy('enrolled_at')
    .execute();
  const has = (holder: Holder): boolean =>
    kind === 'domain' || holder.forests.some(forest => forests.includes(forest));
  return rows.filter(row => row.id !== agentId && has(row));
}

/**
 * INVARIANT: no agent loses its place unless an administrator named it.
 * @throws CausewayError 'other-agent' that names the missing ones
 */
export async function refuseUnnamed(scope: TenantScope, claim: Claim): Promise<void> {
  const unnamed = (await holdersOf(scope, claim)).filter(({ id }) => !claim.replaces.includes(id));
  if (unnamed.length === 0) return;
  const how = howToName(claim);
  const ids = [...claim.replaces, ...unnamed.map(({ id }) => id)].join(' ');
  throw new CausewayError(
    'other-agent',
    `${unnamed.map(holder => describeHolder(holder, claim)).join('; ')}; ${claim.kind === 'domain' ? 'a tenant has one such agent' : 'a forest has one Connect'}, so nothing was changed\n${how} ${ids}`,
  );
}

function howToName({ by, agentId }: Claim): string {
  if (by === 'promotion')
    return `To change places with what is there, name it:\n  causeway tenant agents promote ${agentId} --demote`;
  const how =
    agentId === undefined
      ? 'create a new code that names it:\n  causeway tenant enrolment create'
      : 'name it:\n  causeway tenant agents set-forests';
  return `To replace what is there, ${how} … --replace`;
}

function describeHolder({ id, name, forests, enrolled_at, last_seen_at }: Holder, claim: Claim): string {
  const seen = `enrolled ${enrolled_at.toISOString()}, last seen ${last_seen_at?.toISOString() ?? 'never'}`;
  const does =
    claim.kind === 'domain'
      ? 'is the agent of a managed domain'
      : `speaks for ${forests.filter(forest => claim.forests.includes(forest)).join(', ')}`;
  return `the agent '${name}' (${id}, ${seen}) ${does}`;
}

/**
 * Takes from the named agents what belongs to the new one from now on. The caller holds a lock, so that of two agents with one
 * claim the second finds the first.
 * @throws CausewayError as `refuseUnnamed`
 */
export async function replaceAgents(inside: TenantScope, claim: Claim): Promise<Replaced[]> {
  await refuseUnnamed(inside, claim);
  const replaced: Replaced[] = [];
  for (const { id, name, forests } of await holdersOf(inside, claim)) {
    const left = forests.filter(forest => !claim.forests.includes(forest));
    if (left.length === 0) await dropAgent(inside, id);
    else
      await inside
        .update('agents')
        .set({ forests: JSON.stringify(left) })
        .where('id', '=', id)
        .execute();
    replaced.push({ id, name, forests: left });
  }
  return replaced;
}

/** Removes an agent with its tokens; within a transaction. @returns whether it existed */
export async function dropAgent(inside: TenantScope, id: string): Promise<boolean> {
  const removed = await inside.delete('agents').where('id', '=', id).executeTakeFirst();
  await inside.delete('oidc_payloads').where('client_id', '=', id).execute();
  return removed.numDeletedRows > 0n;
}
