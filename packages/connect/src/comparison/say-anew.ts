import type { ConnectorContext } from '../context.ts';
import { objectGuidOf } from '../objects/source-anchor.ts';
import { nameOf } from '../objects/waiting.ts';
import type { ConnectorSpace } from '../store/connector-space.ts';

/** A user of whom another place has something else than was acknowledged. */
export interface Anew {
  readonly sourceAnchor: string;
  readonly account: boolean;
  readonly password: boolean;
}

/** For more passwords than this, a full pass is cheaper than reading them one by one. */
const MANY_PASSWORDS = 200;
const DAY_MS = 24 * 60 * 60_000;
/** How many people an alarm names. */
const NAMED = 10;

/**
 * Queues accounts and passwords of a forest's users to be signed and sent again, each user within the budget. Uses the to-do lists of
 * every other change, of the connector whose domain has the user. What was acknowledged stays in the head. What is pending costs nothing.
 *
 * @returns how many users were queued
 */
export function sayAnew({ domains }: ConnectorContext, people: readonly Anew[]): number {
  return domains.reduce((said, domain) => said + sayOfDomain(domain, people), 0);
}

function sayOfDomain(context: ConnectorContext, people: readonly Anew[]): number {
  const { store } = context;
  return store.db.transaction(() => {
    store.saidAnew.prune();
    const alarming: string[] = [];
    const due = people.flatMap(({ sourceAnchor, account, password }) => {
      const found = store.saidAnew.differing(sourceAnchor);
      if (found === undefined) return [];
      const { guid, may, alarm } = found;
      const wantsPassword = password && store.settings.passwordSync;
      const passwordPending = found.passwordPending || isPassToCome(context);
      // Once it is read, Connect sends it even if it equals what was acknowledged.
      if (wantsPassword && passwordPending) store.passwords.sayAnew(guid);
      const one = {
        ...{ sourceAnchor, guid, may },
        account: account && !found.accountPending,
        password: wantsPassword && !passwordPending,
      };
      if (!one.account && !one.password) return [];
      if (alarm) alarming.push(sourceAnchor);
      return may === 'now' ? [one] : [];
    });
    const passwords = due.filter(({ password }) => password);
    const byPass = passwords.length > MANY_PASSWORDS && askForPass(context, passwords.length);
    const reading = new Set(byPass ? passwords : passwords.slice(0, MANY_PASSWORDS));
    let said = 0;
    for (const one of due) {
      const { guid, sourceAnchor, account } = one;
      if (account) store.space.sayAnew(guid);
      if (reading.has(one)) {
        store.passwords.sayAnew(guid);
        if (!byPass) store.queue.putDue(guid, 'said-anew', 'another place lost it: read and sent again');
      }
      if (!account && !reading.has(one)) continue; // gets its turn at a later comparison
      store.saidAnew.note(sourceAnchor);
      said += 1;
    }
    if (alarming.length > 0) tellAlarm(context, alarming);
    return said;
  });
}

/**
 * Notes strangers: users whom another place has, and who for every connector of the forest neither should be in the tenant nor were
 * acknowledged. `lookUpStrangers` looks them up in the directories of all domains, a few at a time.
 */
export function strangers(context: ConnectorContext, anchors: Iterable<string>): void {
  const { store, domains } = context;
  store.db.transaction(() => {
    store.strangers.prune();
    const alarming: string[] = [];
    for (const anchor of anchors) {
      if (objectGuidOf(anchor) === undefined) continue; // no object can have it, so no directory can be asked
      if (domains.some(domain => isKnown(domain.store.space, anchor))) continue;
      const { may, alarm } = store.saidAnew.budget(anchor);
      if (alarm) alarming.push(anchor);
      if (may === 'now') store.strangers.note(anchor);
    }
    if (alarming.length > 0) tellAlarm(context, alarming);
  });
}

/** Whether the tenant should have an object, or acknowledged that it has it. */
export function isKnown(space: ConnectorSpace, anchor: string): boolean {
  const known = space.findByAnchor(anchor);
  return known?.desiredDigest !== undefined || known?.exportedDigest !== undefined;
}

/** Whether a full pass still reads everybody. Users whom it has read already are compared again after it. */
function isPassToCome({ store }: ConnectorContext): boolean {
  const pass = store.passes.open();
  return pass !== undefined && pass.readAt === null;
}

/** Requests a full pass, at most one a day. @returns whether it did */
function askForPass({ store, connector }: ConnectorContext, passwords: number): boolean {
  const last = Number(store.cursors.get('comparison-pass-at') ?? Number.NEGATIVE_INFINITY);
  const now = store.clock.now();
  if (Math.abs(now - last) < DAY_MS) return false;
  store.cursors.set('comparison-pass-at', String(now));
  store.passes.request();
  const text = `another place has ${passwords} passwords of ${connector.forest} otherwise than it acknowledged: everybody's is read and sent again`;
  store.events.add('fullCycle', connector.name, text);
  return true;
}

export function tellAlarm(context: ConnectorContext, anchors: readonly string[]): void {
  const { store, connector } = context;
  for (const anchor of anchors) store.saidAnew.noteAlarm(anchor);
  const named = anchors.slice(0, NAMED).map(anchor => {
    const object = store.space.findByAnchor(anchor);
    return object ? nameOf(object, context) : (store.groups.findByAnchor(anchor)?.dn ?? anchor);
  });
  const others = anchors.length > NAMED ? ` and ${anchors.length - NAMED} others` : '';
  const text = `ALARM: ${connector.forest}: ${named.join(', ')}${others}: signed anew and sent several times, and another place has it otherwise again: it loses what it takes, or lies. It is sent once a day from now on`;
  store.events.add('alarm', connector.name, text);
}
