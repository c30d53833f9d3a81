import type { BulkLine, BulkList } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { isSaidAnew } from '../store/comparing/marks.ts';
import type { SpaceObject } from '../store/space-object.ts';
import { UserAccountControl } from '../user-account-control.ts';
import { accountDigest, accountOf, userAccountControl } from './decide-account.ts';

/** GUIDs of the users whose deletion or first export waits for an administrator. */
export interface Waiting {
  /** Deletions that the directory reported. */
  readonly deletions: ReadonlySet<string>;
  /** Deletions of users whom another place has and the directory does not. */
  readonly strangers: ReadonlySet<string>;
  readonly creations: ReadonlySet<string>;
}

/** Users named in an alarm. */
const NAMED = 10;

export const deletionsOf = ({ connector }: Pick<ConnectorContext, 'connector'>): BulkList => ({
  scope: connector.name,
  operation: 'delete',
  kind: 'user',
});

export const creationsOf = (context: Pick<ConnectorContext, 'connector'>): BulkList => ({
  ...deletionsOf(context),
  operation: 'create',
});

export const strangersOf = (context: Pick<ConnectorContext, 'connector'>): BulkList => ({
  ...deletionsOf(context),
  kind: 'stranger',
});

/** Above this number deletions wait: the configuration's number, or a lower one that an administrator set. */
export const deletionThreshold = ({
  settings,
  store,
}: Pick<ConnectorContext, 'settings' | 'store'>): number =>
  Math.min(settings.deletionThreshold, store.scheduler.deletionThreshold ?? settings.deletionThreshold);

/** Decides who waits, stores it, and reports each user held for the first time. */
export function decideWaiting(context: ConnectorContext): Waiting {
  const now = context.store.db.now();
  return context.store.db.transaction(() => ({
    deletions: holdDeletions(context, now),
    strangers: holdStrangers(context, now),
    creations: holdCreations(context, now),
  }));
}

const lineOf = ({ guid, anchor }: { guid: string; anchor: string }): BulkLine => ({ anchor, change: guid });
const guids = (lines: readonly BulkLine[]): Set<string> => new Set(lines.map(({ change }) => change));

function holdDeletions(context: ConnectorContext, now: Date): Set<string> {
  const { store, connector } = context;
  const list = deletionsOf(context);
  const pending = store.space.listPending('delete').map(lineOf);
  if (pending.length === 0 && !store.bulk.isHolding(list)) return new Set();
  const counts = { objects: store.space.countExported(), threshold: deletionThreshold(context) };
  const { held, fresh, limit, went } = store.bulk.decideDeletions(list, pending, counts, now);
  if (fresh.length > 0) {
    const names = stillSigningIn(context, guids(held));
    const named = names.slice(0, NAMED).join(', ');
    const text = [
      `Prevent Accidental Deletes: The number of deletions for this sync cycle (${held.length} pending deletes${went > 0 ? `, ${went} deleted within 24 hours` : ''}) has exceeded the current threshold of ${limit} objects.`,
      `${names.length} of them can still sign in${names.length > 0 ? `: ${named}${names.length > NAMED ? ' and others' : ''}` : ''}.`,
      `The deletions wait until you have looked at them: causeway connect deletions --connector '${connector.name}'`,
    ];
    store.events.add('deletionThreshold', connector.name, text.join(' '));
  }
  return guids(held);
}

/** A user whose deletion was signed once is deleted again without being counted again. */
function holdStrangers(context: ConnectorContext, now: Date): Set<string> {
  const { store, connector } = context;
  const list = strangersOf(context);
  const all = store.space.listPending('stranger');
  if (all.length === 0 && !store.bulk.isHolding(list)) return new Set();
  const pending = all.filter(({ anchor }) => !store.saidAnew.isKnown(anchor)).map(lineOf);
  const counts = { objects: store.space.countExported(), threshold: deletionThreshold(context) };
  const { held, fresh, limit } = store.bulk.decideDeletions(list, pending, counts, now);
  if (fresh.length > 0) {
    const text = `ALARM: ${held.length} people whom ${connector.forest} has not were found in the tenant or in the managed domain, more than ${limit} within 24 hours: it invents them, or Connect has lost that they were deleted. Their deletions wait until you have looked at them: causeway connect deletions --connector '${connector.name}'`;
    store.events.add('deletionThreshold', connector.name, text);
  }
  return guids(held);
}

function holdCreations(context: ConnectorContext, now: Date): Set<string> {
  const { store, settings, connector } = context;
  if (store.cursors.get('creations-counted') === undefined) return new Set();
  const list = creationsOf(context);
  const pending = store.space.listPending('create').map(lineOf);
  const alarmed = store.cursors.get('creations-alarm') !== undefined;
  if (pending.length === 0 && !alarmed && !store.bulk.isHolding(list)) return new Set();
  const counts = { objects: store.space.countExported(), hold: settings.growth === 'hold' };
  const { held, approved, limit, went } = store.bulk.decideCreations(list, pending, counts, now);
  const count = pending.length - approved.length + went;
  store.cursors.set('creations-alarm', count > limit ? String(count) : undefined);
  if (count > limit && !alarmed) {
    const next =
      held.length > 0
        ? `They wait until you have looked at them: causeway connect creations --connector '${connector.name}'`
        : "They are made all the same: the configuration's 'growth' is 'alarm'.";
    const text = `ALARM: ${count} new accounts of ${connector.forest} within 24 hours, more than ${limit}. ${next}`;
    store.events.add('alarm', connector.name, text);
  }
  return guids(held);
}

/**
 * Call it at the end of an export. The objects that exist now are the base for the deletions of the next 24 hours. New accounts count from
 * the first export after a complete import on.
 */
export function noteExported({ store, connector }: ConnectorContext, changed: boolean): void {
  const now = store.db.now();
  if (changed)
    store.bulk.noteObjects({ scope: connector.name, kind: 'user' }, store.space.countExported(), now);
  if (
    store.cursors.get('creations-counted') === undefined &&
    store.cursors.get('dirsync-cookie') !== undefined
  )
    store.cursors.set('creations-counted', now.toISOString());
}

/** Prefix of the digest of a user whom the tenant was told to disable while the deletion waits. */
const DISABLED = 'disabled: ';

/**
 * A user who waits to be deleted keeps the previous state, with one exception: a disabling goes at once, including one that was seen before
 * the deletion and that the tenant has not acknowledged yet.
 *
 * @returns what to export in place of the deletion; undefined if nothing
 */
export function disabledWhileWaiting(
  object: SpaceObject,
  context: ConnectorContext,
  now: Date,
): SpaceObject | undefined {
  const known = knownOf(object, context);
  if (isSaidAnew(object)) return asItWas(object, known);
  if (!isOff(known.account, now) || isKnownOff(object, known, now)) return undefined;
  return { ...object, desiredDigest: `${DISABLED}${known.digest}` };
}

/** An account as it was last known, and its digest. */
interface Known {
  readonly account: Account;
  readonly digest: string;
}

function knownOf(object: SpaceObject, { scope, store }: ConnectorContext): Known {
  const { profile } = store.rules.get();
  const account = accountOf(object, scope, profile);
  return { account, digest: accountDigest(account, object.guid, profile) };
}

/** The previous state, which the tenant lost: the account as last known, and disabled if it was. */
function asItWas(object: SpaceObject, { digest }: Known): SpaceObject {
  const wasDisabled = object.exportedDigest!.includes(DISABLED);
  const desiredDigest = `${wasDisabled ? DISABLED : ''}${digest}`;
  if (!wasDisabled) return { ...object, desiredDigest };
  const off = userAccountControl(object.attributes) | UserAccountControl.accountDisable;
  return { ...object, desiredDigest, attributes: { ...object.attributes, userAccountControl: String(off) } };
}

type Account = ReturnType<typeof accountOf>;

const isOff = ({ accountEnabled, accountExpires }: Account, now: Date): boolean =>
  !accountEnabled || (accountExpires !== null && Date.parse(accountExpires) <= now.getTime());

/** Whether the tenant acknowledged that they are disabled or expired, while they wait or as their last known state. */
function isKnownOff({ exportedDigest }: SpaceObject, { account, digest }: Known, now: Date): boolean {
  if (exportedDigest === undefined || isSaidAnew({ exportedDigest })) return false;
  return exportedDigest.includes(DISABLED) || (isOff(account, now) && exportedDigest.endsWith(digest));
}

/** Whether a user who waits to be deleted can still sign in, as far as the tenant acknowledged. */
export function canStillSignIn(object: SpaceObject, context: ConnectorContext, now: Date): boolean {
  return !isKnownOff(object, knownOf(object, context), now);
}

/** Names of all users who wait to be deleted and can still sign in, in the order of their GUIDs. */
export function stillSigningIn(context: ConnectorContext, waiting: Iterable<string>): string[] {
  const now = context.store.db.now();
  return [...waiting].sort().flatMap(guid => {
    const object = context.store.space.get(guid);
    return object && canStillSignIn(object, context, now) ? [nameOf(object, context)] : [];
  });
}

export function nameOf(object: SpaceObject, { scope }: Pick<ConnectorContext, 'scope'>): string {
  return accountOf(object, scope).userPrincipalName;
}
