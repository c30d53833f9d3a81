import type { ConnectGroupStatus } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { SpaceObject } from '../store/space-object.ts';
import type { Connect } from '../sync/connect.ts';
import type { Connector } from '../sync/connector.ts';

/** The state of one group and its member list. @throws CausewayError 'no-such-group' or 'several-groups' */
export function oneGroupStatus(connect: Connect, name: string): ConnectGroupStatus {
  const { connector, object } = findGroup(connect, name);
  const { store } = connector.context;
  const { guid, exportedDigest, desiredDigest } = object;
  const listed = store.lists.get(guid);
  const problem = store.queue.get('object', guid);
  const current = exportedDigest === desiredDigest ? 'current' : 'change waiting';
  return {
    connector: store.name,
    group: groupName(object),
    distinguishedName: object.dn,
    objectGuid: guid,
    sourceAnchor: object.anchor,
    synchronized: object.desiredDigest !== undefined,
    scopeReason: object.scopeReason ?? null,
    export: {
      state: exportedDigest === undefined ? 'not in the tenant' : current,
      at: object.exportedAt ?? null,
      sequence: object.exportedSequence ?? null,
      problem: problem?.reason ?? null,
    },
    members: listed?.members ?? 0,
    list: store.lists.reading(guid) ?? { toRead: null, nextReadAt: null },
    slices: store.slices.countOf(listed?.id ?? -1),
  };
}

const groupName = ({ attributes, dn }: SpaceObject): string => String(attributes.sAMAccountName ?? dn);

function findGroup(connect: Connect, name: string): { connector: Connector; object: SpaceObject } {
  const found = connect.connectors.flatMap(connector => {
    const object = connector.context.store.groups.find(name);
    return object ? [{ connector, object }] : [];
  });
  const [only, another] = found;
  if (only === undefined) {
    const text = `no connector knows a group '${name}': a sAMAccountName, DN, objectGUID or source anchor expected`;
    throw new CausewayError('no-such-group', text);
  }
  if (another === undefined) return only;
  const names = found.map(({ connector: each, object }) => `'${object.dn}' of ${each.name}`).join(', ');
  const text = `several groups are called '${name}': give the DN of one: ${names}`;
  throw new CausewayError('several-groups', text);
}
