import type { SyncRule } from '@causeway/contract';
import { FIXED_RULES, type FixedRule } from '../../objects/fixed-rules.ts';
import { fixedId } from '../../runs/run-profiles.ts';
import type { Connect } from '../../sync/connect.ts';

/** Inbound ones of each forest, and outbound ones of the tenant. */
export function listRules(connect: Connect): SyncRule[] {
  const { connectors, tenantConnector } = connect;
  const outbound = { name: tenantConnector.name, id: tenantConnector.settings.get().identifier };
  const of = (direction: FixedRule['direction']) => FIXED_RULES.filter(rule => rule.direction === direction);
  const anyPasswords = connectors.some(({ context }) => context.store.settings.passwordSync);
  return [
    ...connectors.flatMap(({ name, context: { store, connector } }) => {
      const { identifier: id, passwordSync } = store.settings.get();
      const isSent = {
        ...{ yes: passwordSync, no: false },
        'where the configuration says so': passwordSync && connector.inetOrgPersonPasswords,
      };
      return of('Inbound').map(rule => describe(rule, { name, id }, isSent[rule.passwords]));
    }),
    ...of('Outbound').map(rule => describe(rule, outbound, anyPasswords && rule.passwords === 'yes')),
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
