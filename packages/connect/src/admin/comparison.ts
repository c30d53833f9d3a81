import type { ServedInput } from '@causeway/api';
import type { ComparisonPage, connectAdministrationRoutes as routes } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { readDifferences } from '../comparison/contents/contents-at-tenant.ts';
import type { Connect } from '../sync/connect.ts';

/** @throws CausewayError 'no-such-forest', or any error of the comparison */
export function compareWithTenant(
  connect: Connect,
  { forest, ...position }: ServedInput<typeof routes.compareWithTenant>['query'],
): Promise<ComparisonPage> {
  const found = connect.forests.find(({ context }) => context.connector.forest === forest);
  if (found)
    return readDifferences(
      found.connectors.map(({ channel }) => channel),
      position,
    );
  const known = connect.forests.map(({ context }) => context.connector.forest).join(', ');
  const text = `no connector reads the forest '${forest}': known are ${known}`;
  throw new CausewayError('no-such-forest', text);
}
