import { call } from '@causeway/api';
import { type Agent, enrolmentRoutes, stagingRoutes } from '@causeway/contract';
import { CausewayError, confirm, example, printResult, table } from '@causeway/service';
import { type Command, Option } from 'commander';
import { confirmReplacement, replaceOptions } from './confirm-replacement.ts';
import { remoteOptions, remoteSend } from './remote.ts';

/** Enrolment codes, and the agents that enrolled with them. */
export function agentCommands(tenant: Command): void {
  const enrolment = tenant.command('enrolment').description('codes by which agents enrol');
  enrolmentCommand(enrolment.command('create'));
  const agents = tenant.command('agents').description('enrolled agents');
  remoteOptions(agents.command('list', { isDefault: true }))
    .description('list the agents with the fingerprints of their keys')
    .addHelpText('after', example('causeway tenant agents list'))
    .action(async options => {
      const reply = await call(remoteSend(options), enrolmentRoutes.listAgents);
      printResult(options.json, reply, () =>
        table([
          ['ID', 'KIND', 'NAME', 'VERSION', 'FORESTS', 'LAST SEEN', 'SIGNING KEY'],
          ...reply.agents.map(agent => [
            agent.id,
            agent.staging ? `${agent.kind}, stages` : agent.kind,
            agent.name,
            agent.version,
            agent.forests.join(' ') || '-',
            agent.lastSeenAt ?? 'never',
            agent.signingKey?.fingerprint ?? '-',
          ]),
        ]),
      );
    });
  replaceOptions(remoteOptions(agents.command('set-forests')))
    .description('set the whole list of forests that a Connect may provision')
    .argument('<id>', "the agent's id")
    .argument('<forest...>', 'DNS names of the forests')
    .addHelpText(
      'after',
      example(
        'causeway tenant agents set-forests 1b4e28ba-2fa1-4d1e-8a8b-7c3f0f9d2a11 corp.example.com fabrikam.example.org',
      ),
    )
    .action(async (id, names, options) => {
      const { replace } = options;
      const forests = names.map(lowerCase);
      const send = remoteSend(options);
      await confirmReplacement(send, options, { kind: 'connect', forests, agentId: id }, 'At once');
      const body = { forests, ...(replace && { replaces: replace }) };
      await call(send, enrolmentRoutes.setForests, { params: { id }, body });
      printResult(options.json, { id, forests }, () => [`agent ${id} may provision ${forests.join(', ')}`]);
    });
  promotionCommand(agents.command('promote'));
  remoteOptions(agents.command('remove'))
    .description('remove an agent: its tokens end at once')
    .argument('<id>', "the agent's id")
    .addHelpText('after', example('causeway tenant agents remove 1b4e28ba-2fa1-4d1e-8a8b-7c3f0f9d2a11'))
    .action(async (id, options) => {
      await call(remoteSend(options), enrolmentRoutes.removeAgent, { params: { id } });
      printResult(options.json, { removed: id }, () => [`agent ${id} is removed`]);
    });
}

function enrolmentCommand(create: Command): void {
  replaceOptions(remoteOptions(create))
    .description('create a one-time code with which an agent can enrol within the hour')
    .addOption(
      new Option('--kind <kind>', 'what enrols').choices(['connect', 'domain']).makeOptionMandatory(),
    )
    .requiredOption('--name <name>', 'name of the agent, as lists show it')
    .option('--forest <name...>', 'DNS names of the forests that the Connect reads and may provision')
    .option(
      '--staging',
      'the Connect stages beside the one that writes, and may change nothing until it is promoted',
    )
    .addHelpText(
      'after',
      example(
        'causeway tenant enrolment create --kind connect --name connect1 --forest corp.example.com',
        'causeway tenant enrolment create --kind connect --name connect2 --forest corp.example.com --staging',
        'causeway tenant enrolment create --kind domain --name ds1',
      ),
    )
    .action(async options => {
      const { kind, name, replace, staging } = options;
      const forests = (options.forest ?? []).map(lowerCase);
      if (kind === 'connect' && forests.length === 0) {
        throw new CausewayError(
          'forest-needed',
          'a Connect is enrolled for the forests that it reads, and none was named',
        );
      }
      const send = remoteSend(options);
      await confirmReplacement(send, options, { kind, forests }, 'When the code is used');
      const body = {
        ...{ kind, name, forests },
        ...(replace && { replaces: replace }),
        ...(staging && { staging: true as const }),
      };
      const reply = await call(send, enrolmentRoutes.createEnrolment, { body });
      printResult(options.json, reply, () => [
        `code  ${reply.code}`,
        `until ${reply.expiresAt}`,
        ...(staging ? ['use   causeway connect enrol --staging --code-file FILE'] : []),
      ]);
    });
}

function promotionCommand(promote: Command): void {
  remoteOptions(promote)
    .description(
      'create a one-time code that promotes a Connect that stages; that Connect first shows what it would send, and asks',
    )
    .argument('<id>', 'the id of the Connect that stages')
    .option('--demote <id...>', 'ids of the Connects that stage from then on')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      example(
        'causeway tenant agents promote 5f0c7d1e-6a3b-4c8e-9d21-0b8f4a7e3c12 --demote 1b4e28ba-2fa1-4d1e-8a8b-7c3f0f9d2a11',
      ),
    )
    .action(async (id, options) => {
      const { demote: demotes = [] }: { demote?: string[] } = options;
      const send = remoteSend(options);
      const { agents } = await call(send, enrolmentRoutes.listAgents);
      const named = demotes.map(one => agents.find(agent => agent.id === one) ?? noSuchAgent(one));
      if (named.length > 0) {
        const names = named.map(({ name }) => `'${name}'`).join(' and ');
        await confirm(named.flatMap(describeDemotion), `Demote ${names}?`, options.yes);
      }
      const reply = await call(send, stagingRoutes.createPromotion, { params: { id }, body: { demotes } });
      printResult(options.json, reply, () => [
        `code  ${reply.code}`,
        `until ${reply.expiresAt}`,
        'use   causeway connect promote --code-file FILE   (on the machine of the Connect that stages)',
        // Before you trust a key, rely on what its Connect shows, not on what a tenant says of it.
        "then  causeway domain trust-agent FINGERPRINT --forest NAME --replace FINGERPRINT   (where the managed domain is; each as 'causeway connect fingerprint' shows it)",
      ]);
    });
}

function describeDemotion({ id, name, forests, enrolledAt, lastSeenAt }: Agent): string[] {
  return [
    `The Connect '${name}' (${id}, enrolled ${enrolledAt}, last seen ${lastSeenAt ?? 'never'}) speaks for ${forests.join(', ')}. When the code is used:`,
    '- It stages: nothing is taken from it any more, whether it runs or not. It keeps its database and goes on reading.',
    '- The one that is promoted signs and sends everything anew, passwords too. Changes wait for that, for minutes.',
    "- The managed domain believes the one that is promoted once you have confirmed its signing key there, in the place of this one's (causeway domain trust-agent … --replace).",
  ];
}

const lowerCase = (name: string): string => name.toLowerCase();

function noSuchAgent(id: string): never {
  throw new CausewayError('no-such-agent', `there is no agent ${id}: see causeway tenant agents list`);
}
