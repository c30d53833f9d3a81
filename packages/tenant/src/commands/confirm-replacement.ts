import { call, type Send } from '@causeway/api';
import { type Agent, enrolmentRoutes } from '@causeway/contract';
import { CausewayError, confirm } from '@causeway/service';
import type { Command } from 'commander';

export interface ReplaceFlags {
  /** Ids of the agents whose place is taken. */
  replace?: string[];
  yes?: boolean;
}

/** What an agent gets. */
export interface Taken {
  kind: Agent['kind'];
  forests: readonly string[];
  /** The new holder, if it is already enrolled. */
  agentId?: string;
}

export function replaceOptions(command: Command): Command {
  return command
    .option(
      '--replace <id...>',
      "ids of the agents that this one replaces, as 'tenant agents list' shows them",
    )
    .option('--yes', 'replace them without a question');
}

/**
 * Shows whose place is taken and what that means, and asks for confirmation; does nothing if no agent was named.
 * @param when it happens, in words
 * @throws CausewayError 'no-such-agent' for an agent that holds nothing of what is taken, or as `confirm`
 */
export async function confirmReplacement(
  send: Send,
  { replace, yes }: ReplaceFlags,
  { kind, forests, agentId }: Taken,
  when: string,
): Promise<void> {
  if (!replace) return;
  const { agents } = await call(send, enrolmentRoutes.listAgents);
  const has = (agent: Agent): boolean =>
    agent.kind === kind &&
    agent.id !== agentId &&
    !agent.staging &&
    (kind === 'domain' || agent.forests.some(forest => forests.includes(forest)));
  const named = replace.map(id => agents.find(agent => agent.id === id && has(agent)) ?? noSuchAgent(id));
  const consequences = named.flatMap(agent => describeReplacement(agent, forests, when));
  await confirm(consequences, `Replace ${named.map(({ name }) => `'${name}'`).join(' and ')}?`, yes);
}

/** What an administrator has to know before an agent loses its place. */
function describeReplacement(agent: Agent, forests: readonly string[], when: string): string[] {
  const { id, kind, name, enrolledAt, lastSeenAt } = agent;
  const seen = `enrolled ${enrolledAt}, last seen ${lastSeenAt ?? 'never'}`;
  if (kind === 'domain') {
    return [
      `The agent '${name}' (${id}, ${seen}) is that of a managed domain. ${when}:`,
      '- It is removed and its tokens end. Its domain hears nothing any more, also not who is disabled or deleted: who leaves stays enabled there.',
      "- If that domain is to stay, register it again with a code of its own (causeway domain register). If not, stop it ('causeway domain stop' behind its service).",
    ];
  }
  const left = agent.forests.filter(forest => !forests.includes(forest));
  const lost = agent.forests.filter(forest => forests.includes(forest)).join(', ');
  return [
    `The Connect '${name}' (${id}, ${seen}) speaks for ${lost}. ${when}:`,
    left.length === 0
      ? '- It is removed and its tokens end.'
      : `- It speaks for ${left.join(', ')} alone. Take the other connectors out of its configuration.`,
    '- No password, change or deletion comes until the new Connect runs.',
    '- The managed domain believes the new Connect once you have confirmed its signing key there (causeway domain trust-agent), unless it has that of the old one.',
  ];
}

function noSuchAgent(id: string): never {
  throw new CausewayError('no-such-agent', `there is no agent ${id} whose place another one could take`);
}
