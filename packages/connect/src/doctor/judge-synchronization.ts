import type { ConnectStatus } from '@causeway/contract';
import { ASKED_CONNECT, type Judgement, met, RECEIPTS, unmet, worst } from './finding.ts';

/** A cycle runs at least every two minutes, so this long without one is no coincidence. */
const STALE_MS = 15 * 60_000;

export function judgeSynchronized({ connectors, staging }: ConnectStatus, now: Date): Judgement {
  return worst(
    connectors.map(({ name, lastObjectCycleAt, lastError, exported }) => {
      const done = staging ? 'read and decided; this Connect stages' : `${exported} users in the tenant`;
      const judgement = judgeCycle(lastObjectCycleAt, lastError, now, done);
      return { name, judgement };
    }),
  );
}

export function judgePasswords({ connectors, staging }: ConnectStatus, now: Date): Judgement {
  if (staging) return met('none goes from here: this Connect stages', ASKED_CONNECT);
  return worst(
    connectors.map(({ name, passwordSync, lastPasswordCycleAt, lastError, passwords }) => {
      const judgement = passwordSync
        ? judgeCycle(lastPasswordCycleAt, lastError, now, `${passwords} passwords sent`)
        : unmet(
            'switched off',
            ASKED_CONNECT,
            `Set-ADSyncAADPasswordSyncConfiguration -SourceConnector '${name}' -TargetConnector … -Enable $true`,
          );
      return { name, judgement };
    }),
  );
}

/** How many people a finding names. */
const NAMED = 10;

export function judgeDeletions({ connectors }: ConnectStatus): Judgement {
  return worst(connectors.map(connector => ({ name: connector.name, judgement: judgeHeld(connector) })));
}

function judgeHeld(connector: ConnectStatus['connectors'][number]): Judgement {
  const { name, forest, suppressedDeletes, stillSigningIn, stillSigningInCount, arrival, groups } = connector;
  if (suppressedDeletes > 0) {
    const who =
      stillSigningInCount > 0 ? `; can still sign in: ${named(stillSigningIn, stillSigningInCount)}` : '';
    return unmet(
      `${suppressedDeletes} deletions wait for an administrator${who}`,
      ASKED_CONNECT,
      `look at them, and let them go if they are meant: causeway connect deletions --connector '${name}'`,
    );
  }
  const ofGroups = (groups?.suppressedDeletes ?? 0) + (groups?.suppressedRemovals ?? 0);
  if (ofGroups > 0)
    return unmet(
      `${ofGroups} deletions of groups, or removals of their members, wait for an administrator`,
      ASKED_CONNECT,
      `look at them, and let them go if they are meant: causeway connect deletions --connector '${name}'`,
    );
  const there = arrival.missing.filter(
    ({ what, refused }) => what === 'not deleted' && refused === 'deletion-threshold',
  );
  if (there.length === 0) return met('no deletion waits', ASKED_CONNECT);
  const users = there.map(({ user }) => user);
  return unmet(
    `the managed domain holds deletions: ${named(users, users.length)}`,
    RECEIPTS,
    `at the managed domain, look at them, and let them go if they are meant: causeway domain deletions --forest '${forest}'`,
  );
}

export function judgeComparison({ connectors }: ConnectStatus): Judgement {
  return worst(connectors.map(connector => ({ name: connector.name, judgement: judgeCompared(connector) })));
}

/** Connect signs what differs again by itself. The administrator only has to look at what waits for them, or differs again and again. */
function judgeCompared({ name, comparison }: ConnectStatus['connectors'][number]): Judgement {
  if (comparison === undefined)
    return met('not compared yet, or the tenant is of a release that cannot be', ASKED_CONNECT);
  const { at, differing, saidAnew, alarmed, strangers, strangersHeld } = comparison;
  const unknownHere = strangers > 0 ? `; ${strangers} who are not known here are looked up` : '';
  const found = `compared ${at}, ${differing} differ, ${saidAnew} signed anew within a day${unknownHere}`;
  if (strangersHeld > 0)
    return unmet(
      `${found}; ${strangersHeld} deletions of people or groups that the directory does not have wait for an administrator`,
      ASKED_CONNECT,
      `look at them, and let them go if they are meant: causeway connect deletions --connector '${name}'`,
    );
  if (alarmed > 0)
    return unmet(
      `${found}; ${alarmed} of them differed again each time they were sent`,
      ASKED_CONNECT,
      'look into the tenant, or the managed domain: causeway connect status names them in its events',
    );
  return met(found, ASKED_CONNECT);
}

function named(users: readonly string[], count: number): string {
  const others = count > NAMED ? ` and ${count - NAMED} more` : '';
  return `${users.slice(0, NAMED).join(', ')}${others}`;
}

function judgeCycle(last: string | null, error: string | null, now: Date, done: string): Judgement {
  if (error !== null) {
    const [what = '', ...todo] = error.split('\n').map(line => line.trim());
    const remedy = todo.join(' ') || 'causeway connect status says more: mend that, and it resumes by itself';
    return unmet(what, ASKED_CONNECT, remedy);
  }
  if (last === null)
    return unmet('no cycle is through yet', ASKED_CONNECT, 'wait for it, or see causeway connect status');
  if (now.getTime() - Date.parse(last) > STALE_MS)
    return unmet(`the last cycle was at ${last}`, ASKED_CONNECT, 'start Connect: causeway connect run');
  return met(`${done}, last cycle ${last}`, ASKED_CONNECT);
}
