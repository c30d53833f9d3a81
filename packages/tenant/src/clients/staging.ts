import { CausewayError } from '@causeway/service';
import { countDecision } from '../changes/change-counter.ts';
import { digestOf } from '../tenancy/digest.ts';
import type { Agent } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { insertCode } from './enrolment-codes.ts';
import { type Claim, type Holder, holdersOf, refuseUnnamed } from './replaced-agents.ts';

/** A staging Connect can read what the tenant has, and the tenant accepts nothing from it. */
export const stages = (): CausewayError =>
  new CausewayError(
    'staging',
    "this Connect stages, so nothing is taken from it: 'causeway connect promote' makes it the one that writes",
  );

/**
 * INVARIANT: two Connects that change places never both write. Every write asks here, in its own transaction and under the lock that
 * changing places takes, too: the token was checked earlier.
 */
export async function refuseStaging(inside: TenantScope, { agentId }: Pick<Agent, 'agentId'>): Promise<void> {
  const agent = await inside.select('agents').select('staging').where('id', '=', agentId).executeTakeFirst();
  if (agent?.staging) throw stages();
}

/**
 * Makes a code with which a staging Connect takes the place of the named agents, once, within the hour.
 * @throws CausewayError 'no-such-agent', 'not-staging', 'other-agent' for an agent that it would demote without naming it, 'forests-left'
 */
export async function createPromotion(
  scope: TenantScope,
  id: string,
  demotes: readonly string[],
): Promise<{ code: string; expiresAt: Date; name: string }> {
  const { name, claim } = await claimOf(scope, id, demotes);
  await refuseUnfit(scope, claim);
  const values = { kind: 'connect', name, forests: claim.forests, replaces: demotes, agent_id: id } as const;
  return { ...(await insertCode(scope, values)), name };
}

/**
 * Changes places.
 * @throws CausewayError 'promotion-refused', the same for a code that is wrong, used, too old or another agent's; 'other-agent' and
 * 'forests-left' if the holders changed since the code was made
 */
export async function promote(agent: Agent<'connect'>, code: string): Promise<Pick<Holder, 'id' | 'name'>[]> {
  const { scope, agentId } = agent;
  return scope.transaction(async inside => {
    const used = await inside
      .delete('enrolments')
      .where('code_digest', '=', digestOf(code))
      .where('agent_id', '=', agentId)
      .where('expires_at', '>', inside.now())
      .returning('replaces')
      .executeTakeFirst();
    if (!used) throw promotionRefused(agent);
    await countDecision(inside);
    const { claim } = await claimOf(inside, agentId, used.replaces);
    const demoted = await refuseUnfit(inside, claim);
    for (const { id } of demoted)
      await inside.update('agents').set({ staging: true }).where('id', '=', id).execute();
    await inside.update('agents').set({ staging: false }).where('id', '=', agentId).execute();
    return demoted.map(({ id, name }) => ({ id, name }));
  });
}

/** @throws CausewayError 'no-such-agent' or 'not-staging' */
async function claimOf(
  scope: TenantScope,
  id: string,
  replaces: readonly string[],
): Promise<{ name: string; claim: Claim }> {
  const agent = await scope
    .select('agents')
    .select(['kind', 'name', 'forests', 'staging'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!agent) throw new CausewayError('no-such-agent', `there is no agent ${id}`);
  const { name, forests } = agent;
  if (!agent.staging)
    throw new CausewayError('not-staging', `the agent '${name}' (${id}) does not stage: it writes already`);
  return { name, claim: { kind: 'connect', forests, replaces, agentId: id, by: 'promotion' } };
}

/** @returns the agents that it demotes */
async function refuseUnfit(scope: TenantScope, claim: Claim): Promise<Holder[]> {
  await refuseUnnamed(scope, claim);
  const demoted = await holdersOf(scope, claim);
  const stranger = claim.replaces.find(id => !demoted.some(holder => holder.id === id));
  if (stranger !== undefined) {
    const text = `the agent ${stranger} speaks for none of ${claim.forests.join(', ')}, so it has no place to give: see causeway tenant agents list`;
    throw new CausewayError('no-such-agent', text);
  }
  for (const { id, name, forests } of demoted) {
    const left = forests.filter(forest => !claim.forests.includes(forest));
    if (left.length === 0) continue;
    const all = [...claim.forests, ...left].join(' ');
    const text = `the agent '${name}' (${id}) speaks for ${left.join(', ')}, too, which nobody would any more: let the one that stages read it and give it that forest, 'causeway tenant agents set-forests ${claim.agentId} ${all}', or take it from the other one`;
    throw new CausewayError('forests-left', text);
  }
  return demoted;
}

function promotionRefused({ agentId }: Agent): CausewayError {
  return new CausewayError(
    'promotion-refused',
    `this code does not promote this Connect (any more): let an administrator make one, causeway tenant agents promote ${agentId}`,
  );
}
