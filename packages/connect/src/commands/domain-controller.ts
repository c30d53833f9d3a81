import type { ControllerInUse } from '@causeway/contract';
import { CausewayError, printResult } from '@causeway/service';
import { askOrDo, type CommonOptions } from './at-hand.ts';

/** Describes the domain controller in use, one line each. */
export function describeController(controller: ControllerInUse): string[] {
  const { server, preferred, since, reason, lagsSince } = controller;
  return [
    `reads ${server}${since === null ? '' : ` since ${since}: ${reason}`}${server === preferred ? '' : `; preferred is ${preferred}`}`,
    ...(lagsSince === null
      ? []
      : [`${server} has not got all that was read before, since ${lagsSince}: it deletes and opens nobody`]),
  ];
}

/** Shows which domain controller a connector reads. With `yes`, accepts the state of that one as it is. */
export async function acceptDomainController(
  name: string,
  options: CommonOptions & { yes?: boolean },
): Promise<void> {
  const { result: status } = await askOrDo(options, 'getStatus', {});
  const found = status.connectors.find(connector => connector.name === name)?.domainController;
  if (found === undefined)
    throw new CausewayError('no-such-connector', `no connector '${name}' has several domain controllers`);
  if (options.yes !== true || found.lagsSince === null) {
    printResult(options.json, { ...found, accepted: false }, () => [
      ...describeController(found),
      ...(found.lagsSince === null
        ? ['it lags behind none: there is nothing to accept']
        : [
            'nothing was changed; if what it lacks is lost for good, let it count as it is. What only the lost one knew is undone:',
            'who was disabled or deleted there alone can sign in again',
            `  causeway connect accept-dc '${name}' --yes`,
          ]),
    ]);
    return;
  }
  const { result } = await askOrDo(options, 'acceptDomainController', {
    params: { name },
    body: { server: found.server },
  });
  printResult(options.json, { ...result.domainController, accepted: true }, () => [
    `${found.server} counts as it is from now on; the next cycle imports all of it`,
  ]);
}
