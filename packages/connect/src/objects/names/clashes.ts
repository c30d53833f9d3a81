import { nameKey } from '@causeway/wire';
import type { AccountNames } from '../../configuration.ts';
import type { ConnectorContext } from '../../context.ts';
import { nameOf } from '../waiting.ts';
import { accountName } from './account-name.ts';

/** A user or group that is to have a name in the managed domain. */
interface Holder {
  readonly forest: string;
  readonly anchor: string;
  /** For an administrator to read. */
  who(): string;
}

/** At most this many holders of a shared name are listed. */
const NAMED = 3;

/**
 * Finds who else would have a name in the managed domain if the rules named every user: users and groups of all forests that this Connect
 * reads. It cannot know names from other Connects or from the tenant itself.
 *
 * @param wanted the names to look for; no others are kept
 * @param namedBy the attribute that would name a connector's users
 */
export class Clashes {
  readonly #holders: Map<string, Holder[]>;

  constructor(
    contexts: readonly ConnectorContext[],
    wanted: Iterable<string>,
    namedBy: (context: ConnectorContext) => AccountNames,
  ) {
    this.#holders = new Map(Array.from(wanted, name => [nameKey(name), []]));
    if (this.#holders.size === 0) return;
    for (const context of contexts) this.#add(context, namedBy(context));
  }

  /** Describes who else would have a user's new name. */
  of({ forest, anchor, name }: { forest: string; anchor: string; name: string }): string[] {
    const holders = this.#holders.get(nameKey(name)) ?? [];
    return holders
      .filter(other => other.forest !== forest || other.anchor !== anchor)
      .slice(0, NAMED)
      .map(holder => holder.who());
  }

  #add(context: ConnectorContext, by: AccountNames): void {
    const { forest } = context.connector;
    const { space, accountNames } = context.store;
    for (const { guid, anchor, attributes } of accountNames.all('user')) {
      const holders = this.#holders.get(nameKey(accountName(attributes, by)));
      if (holders && !holders.some(other => other.forest === forest && other.anchor === anchor))
        holders.push({ forest, anchor, who: () => nameOf(space.get(guid)!, context) });
    }
    for (const { anchor, attributes } of accountNames.all('group'))
      this.#holders
        .get(nameKey(accountName(attributes)))
        ?.push({ forest, anchor, who: () => `the group ${accountName(attributes)} of ${forest}` });
  }
}
