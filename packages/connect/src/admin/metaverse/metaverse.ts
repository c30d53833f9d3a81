import type { MetaverseObject } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { accountOf } from '../../objects/decide-account.ts';
import { groupOf } from '../../objects/groups/decide-group.ts';
import { flatProfile } from '../../objects/profile/flows.ts';
import type { Connect } from '../../sync/connect.ts';
import { locate, tenantDn } from '../objects.ts';

/**
 * What Connect makes of a directory object for the tenant.
 * @throws CausewayError 'no-such-object', 'several-objects', or 'not-synchronized' with the reason
 */
export function getMetaverseObject(connect: Connect, guid: string): MetaverseObject {
  const { connector, object } = locate(connect, guid, 'all');
  const { store, scope } = connector.context;
  if (object.desiredDigest === undefined) {
    const text = `'${object.dn}' is not synchronized: ${object.scopeReason}`;
    throw new CausewayError('not-synchronized', text);
  }
  const isGroup = store.groups.get(guid) !== undefined;
  const { profile, ...account } = accountOf(object, scope, store.rules.get().profile);
  const made = isGroup ? groupOf(object.attributes) : { ...account, ...flatProfile(profile) };
  const values = Object.entries({ sourceAnchor: object.anchor, ...made });
  const { identifier } = store.settings.get();
  const { name: tenant, settings } = connect.tenantConnector;
  return {
    objectId: guid,
    objectType: isGroup ? 'group' : 'person',
    attributes: values
      .filter(([, value]) => value !== null)
      .map(([name, value]) => ({
        ...{ name, isMultiValued: false, values: [String(value)], connectorName: connector.name },
      })),
    lineage: [
      {
        ...{ connectedCsObjectId: guid, connectedCsObjectDN: object.dn },
        ...{ connectorId: identifier, connectorName: connector.name },
      },
      ...(object.exportedDigest === undefined
        ? []
        : [
            {
              ...{ connectedCsObjectId: guid, connectedCsObjectDN: tenantDn(object.anchor) },
              ...{ connectorId: settings.get().identifier, connectorName: tenant },
            },
          ]),
    ],
  };
}
