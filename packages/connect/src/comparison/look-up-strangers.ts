import { readObjects } from '@causeway/active-directory';
import type { LdapConnection } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import { lagOf } from '../domain-controller/lag.ts';
import { objectGuidOf } from '../objects/source-anchor.ts';
import type { ConnectorSpace } from '../store/connector-space.ts';
import type { ObjectKind } from '../store/space-object.ts';

/** Whom one comparison looks up. */
const AT_A_TIME = 50;

/** Where strangers of one domain are looked for. */
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
 * Asks the directories of a forest for people whom another place has and no connector of it knows. Who is in none of them, or there as
 * deleted, or out of scope by what was imported, gets a row in the first one's connector space whose deletion is exported, in a list of its
 * own. Of whom a directory has the next import tells. A domain controller that lags is not asked: it may not have heard of somebody yet.
 * Nor is anybody where one of several domains fails: who is not found in the others may be there.
 *
 * @returns how many deletions are to be exported
 * @throws DirectoryFailed
 */
export async function lookUpStrangers(domains: readonly Domain[]): Promise<number> {
  const { store } = domains[0]!.context;
  const fails = ({ context }: Domain) =>
    domains.length > 1 && context.store.cursors.get('last-error') !== undefined;
  if (domains.some(domain => lagOf(domain.context) !== undefined || fails(domain))) return 0;
  const due = store.strangers.due(AT_A_TIME);
  if (due.length === 0) return 0;
  const asked = new Map(due.map(one => [objectGuidOf(one.anchor)!, one])); // others were not noted
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

/** The directory of one of the domains did not answer. */
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
