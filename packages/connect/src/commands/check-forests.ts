import { CallError } from '@causeway/api';
import { CausewayError, describeError } from '@causeway/service';
import type { ConnectConfiguration, ConnectorConfiguration } from '../configuration.ts';
import { controllersOf } from '../domain-controller/controllers-of.ts';
import { openSignedOut } from '../domain-controller/domain-controller.ts';
import { type Agent, agentTransport } from '../tenant/identity.ts';
import { TenantClient } from '../tenant/tenant-client.ts';

/**
 * Asks each connector's domain controllers which forest and domain they serve, before the one-time code is used. Does not sign in.
 *
 * @throws CausewayError 'wrong-directory', or 'directory-unchecked' for connectors of which no domain controller answers
 */
export async function checkDomainControllers({ connectors, timeoutMs }: ConnectConfiguration): Promise<void> {
  const silent: string[] = [];
  await Promise.all(
    connectors.map(async connector => {
      const silence: string[] = [];
      const controllers = controllersOf(connector);
      for (const controller of controllers) {
        try {
          const { connection } = await openSignedOut(controller, timeoutMs);
          await connection.close();
        } catch (error) {
          if (error instanceof CausewayError) throw error;
          silence.push(describeSilence(controller, error));
        }
      }
      if (silence.length === controllers.length) silent.push(...silence);
    }),
  );
  if (silent.length === 0) return;
  const text = [
    'no domain controller says whether the configuration names the right forests; nothing was enrolled, and the code is still unused:',
    ...silent.map(line => `  ${line}`),
  ].join('\n');
  throw new CausewayError('directory-unchecked', text);
}

const describeSilence = ({ name, server }: ConnectorConfiguration, error: unknown): string =>
  `the domain controller '${server}' of connector '${name}': ${describeError(error)}`;

/**
 * Checks by a first heartbeat of each forest that the enrolment covers the forests of the configuration.
 * @throws CausewayError 'other-forest'; the enrolment stays valid
 */
export async function checkEnrolledForests(configuration: ConnectConfiguration, agent: Agent): Promise<void> {
  const tenant = new TenantClient(await agentTransport(configuration, agent));
  const forests = [...new Set(configuration.connectors.map(({ forest }) => forest))];
  const refused: string[] = [];
  for (const forest of forests) {
    const nothing = {
      lastObjectCycleAt: null,
      lastPasswordCycleAt: null,
      queued: 0,
      owed: 0,
      quarantined: 0,
    };
    try {
      await tenant.reportStatus({ forest, ...nothing });
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (error.code === 'other-forest') refused.push(forest); // the running service reports any other problem
    }
  }
  if (refused.length === 0) return;
  const text = [
    `this Connect is enrolled now, but not for ${refused.map(forest => `'${forest}'`).join(' and ')}: the code named other forests than the configuration`,
    'if the configuration is right, run this at the tenant:',
    `  causeway tenant agents set-forests ${agent.agentId} ${forests.join(' ')}`,
  ].join('\n');
  throw new CausewayError('other-forest', text);
}
