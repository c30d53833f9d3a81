import { readObjects } from '@causeway/active-directory';
import type { LdapConnection } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import { lagOf } from '../domain-controller/lag.ts';
import { objectGuidOf } from '../objects/source-anchor.ts';
import type { ConnectorSpace } from '../store/connector-space.ts';
import type { ObjectKind } from '../store/space-object.ts';

/** How many strangers one comparison looks up. */
const AT_A_TIME = 50;

/** Where to look for strangers of one domain. */
export interface Directory {
  ldap(): Promise<LdapConnection>;
  namingContext(): Promise<string>;
}

/** One domain of a forest, and its directory. */
export interface Domain {
  readonly context: ConnectorContext;
  readonly controller: Directory;
}

/**
 * Looks up strangers in the directories of a forest: objects that another place has and none of its connectors knows. One that is in no
 * directory, deleted there, or out of scope by what was imported, gets a row in the first connector's space, whose deletion is
 * exported, in a separate list. One that a directory has comes with the next import. A domain controller that lags is not asked, because
 * it may not know the object yet. If one of several domains fails, none is asked, because the object may be in that one.
 *
 * @returns how many deletions Connect will export
 * @throws DirectoryFailed
 */
export async function lookUpStrangers(domains: readonly Domain[]): Promise<number> {
  const { store } = domains[0]!.context;
  const fails = ({ context }: Domain) =>
    domains.length > 1 && context.store.cursors.get('last-error') !== undefined;
  if (domains.some(domain => lagOf(domain.context) !== undefined || fails(domain))) return 0;
  const due = store.strangers.due(AT_A_TIME);
  if (due.length === 0) return 0;
  const asked = new Map(due.map(one => [objectGuidOf(one.anchor)!, one])); // only anchors with a GUID are noted
  const there = new Map<Domain, ReadonlySet<string>>();
  for (const domain of domains) there.set(domain, await whoIsThere(domain, [...asked.keys()]));
  return store.db.transaction(() => {
    let found = 0;
    for (const [guid, { anchor, kind }] of asked) {
      const isIn = (domain: Domain): boolean => {
        const known = spaceOf(domain.context, kind).get(guid);
        const isOutOfScope = known !== undefined && !known.deleted && known.desiredDigest === undefined;
        return there.get(domain)!.has(guid) && !isOutOfScope;
      };
      if (domains.some(isIn)) {
        store.strangers.postpone(anchor);
        continue;
      }
      spaceOf(domains[0]!.context, kind).putStranger(guid, anchor);
      store.strangers.remove(anchor);
      found += 1;
    }
    return found;
  });
}

const spaceOf = ({ store }: ConnectorContext, kind: ObjectKind): ConnectorSpace =>
  kind === 'group' ? store.groups : store.space;

/** One domain's directory did not answer. */
export class DirectoryFailed extends Error {
  readonly connector: string;

  constructor(connector: string, cause: unknown) {
    super(`the directory of '${connector}' did not say who is there`, { cause });
    this.connector = connector;
  }
}

async function whoIsThere(
  { context, controller }: Domain,
  objectGuids: readonly string[],
): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  try {
    const namingContext = await controller.namingContext();
    for await (const { objects } of readObjects(await controller.ldap(), { namingContext, objectGuids }))
      for (const { objectGuid, isDeleted } of objects) if (!isDeleted) there.add(objectGuid);
  } catch (cause) {
    throw new DirectoryFailed(context.store.name, cause);
  }
  return there;
}
