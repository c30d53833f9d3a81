import type { SyncRule } from '@causeway/contract';
import type { ConnectorContext } from '../../context.ts';
import { type FixedRule, fixedRules } from '../../objects/fixed-rules.ts';
import { fixedId } from '../../runs/run-profiles.ts';
import type { Connect } from '../../sync/connect.ts';

/** The inbound rules of each forest, and the tenant's outbound rules. */
export function listRules(connect: Connect): SyncRule[] {
  const { connectors, tenantConnector } = connect;
  const outbound = { name: tenantConnector.name, id: tenantConnector.settings.get().identifier };
  const of = (direction: FixedRule['direction'], { store }: ConnectorContext) =>
    fixedRules(store.rules.get().profile).filter(rule => rule.direction === direction);
  const anyPasswords = connectors.some(({ context }) => context.store.settings.passwordSync);
  return [
    ...connectors.flatMap(({ name, context }) => {
      const { store, connector } = context;
      const { identifier: id, passwordSync } = store.settings.get();
      const isSent = {
        ...{ yes: passwordSync, no: false },
        'where the configuration says so': passwordSync && connector.inetOrgPersonPasswords,
      };
      return of('Inbound', context).map(rule => describe(rule, { name, id }, isSent[rule.passwords]));
    }),
    ...of('Outbound', connectors[0]!.context).map(rule =>
      describe(rule, outbound, anyPasswords && rule.passwords === 'yes'),
    ),
  ];
}

function describe(rule: FixedRule, connector: { name: string; id: string }, passwords: boolean): SyncRule {
  const { name, description, direction, source, target, precedence, linkType } = rule;
  return {
    ...{ identifier: fixedId('rule', connector.id, name), name, description, direction },
    ...{ connectorId: connector.id, connectorName: connector.name },
    ...{ sourceObjectType: source, targetObjectType: target, precedence, linkType },
    enablePasswordSync: passwords,
    scopeFilter: [...rule.scope],
    joinFilter: [...rule.join],
    attributeFlowMappings: rule.flows.map(({ expression = null, ...flow }) => ({ ...flow, expression })),
  };
}
