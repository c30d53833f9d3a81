import type { ConnectorContext } from '../context.ts';
import { objectGuidOf } from '../objects/source-anchor.ts';
import { nameOf } from '../objects/waiting.ts';
import type { ConnectorSpace } from '../store/connector-space.ts';

/** Somebody of whom another place has something else than was acknowledged. */
export interface Anew {
  readonly sourceAnchor: string;
  readonly account: boolean;
  readonly password: boolean;
}

/** More passwords than these are not read one by one: a full pass is cheaper. */
const MANY_PASSWORDS = 200;
const DAY_MS = 24 * 60 * 60_000;
/** People whom an alarm names. */
const NAMED = 10;

/**
 * Has the accounts and passwords of people of a forest signed anew and sent, each person within the budget, by the to-do lists that every
 * change goes by: those of the connector whose domain has the person. What was acknowledged stays in the head meanwhile. What is under way already costs nothing.
 *
 * @returns how many were said
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
      // Whatever it waits for, it goes also when it is as it was acknowledged.
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
      if (!account && !reading.has(one)) continue; // has its turn at the next comparison
      store.saidAnew.note(sourceAnchor);
      said += 1;
    }
    if (alarming.length > 0) tellAlarm(context, alarming);
    return said;
  });
}

/**
 * Notes whom another place has and no connector of the forest has: neither is the tenant to have them, nor did it acknowledge that it has.
 * The directories of all domains are asked for them, a few at a time (`lookUpStrangers`).
 */
export function strangers(context: ConnectorContext, anchors: Iterable<string>): void {
  const { store, domains } = context;
  store.db.transaction(() => {
    store.strangers.prune();
    const alarming: string[] = [];
    for (const anchor of anchors) {
      if (objectGuidOf(anchor) === undefined) continue; // no object can have it: nobody can say anything of it
      if (domains.some(domain => isKnown(domain.store.space, anchor))) continue;
      const { may, alarm } = store.saidAnew.budget(anchor);
      if (alarm) alarming.push(anchor);
      if (may === 'now') store.strangers.note(anchor);
    }
    if (alarming.length > 0) tellAlarm(context, alarming);
  });
}

/** Whether the tenant is to have an object, or acknowledged that it has. */
export function isKnown(space: ConnectorSpace, anchor: string): boolean {
  const known = space.findByAnchor(anchor);
  return known?.desiredDigest !== undefined || known?.exportedDigest !== undefined;
}

/** A full pass meets everybody; whom it has met already is compared again when it is through. */
function isPassToCome({ store }: ConnectorContext): boolean {
  const pass = store.passes.open();
  return pass !== undefined && pass.readAt === null;
}

/** One a day. @returns whether one is to come that meets everybody */
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
