import { describeOtherRuns } from '@causeway/api';
import type {
  DomainArrival,
  DomainDns,
  DomainStatus,
  DomainUserStatus,
  OnPremisesSids,
  UserProblem,
} from '@causeway/contract';
import { table } from '@causeway/service';
import { blockText } from '../admin/block-commands.ts';
import { isUndecided } from '../admin/sid-commands.ts';
import { alarmText } from '../heads/head-watch.ts';
import { describePerson } from '../person.ts';
import { administratorsLine } from './administrator-commands.ts';
import { look } from './at-hand.ts';
import type { ForestFlags } from './command-options.ts';
import { personRows } from './person-rows.ts';
import { tokenLines } from './sid-commands.ts';

/** `causeway domain status [USER]`. */
export async function status(user: string | undefined, { forest, ...flags }: ForestFlags): Promise<void> {
  if (user === undefined) {
    await look(flags, 'getStatus', {}, statusLines);
  } else {
    await look(flags, 'getUserStatus', { params: { user }, query: { forest } }, userLines);
  }
}

function statusLines(status: DomainStatus): string[] {
  const { domain, feed, pairing, accounts, deletions, problems } = status;
  const trusted = pairing.trusted.map(agent => `${agent.fingerprint} for ${agent.forest}`);
  return [
    ...table([
      ['managed domain', status.realm],
      ['registered', registrationLine(status.registration)],
      ['samba', domain.running ? `runs since ${domain.since}` : 'does not run'],
      ['version of samba', status.samba?.version ?? 'not known while the service does not run'],
      ['tenant', status.tenant],
      [
        'feed',
        status.following ? (status.trouble ?? `followed; at its end at ${feed.caughtUpAt}`) : 'not followed',
      ],
      ['own fingerprint', pairing.fingerprint],
      ['trusted', trusted.join('; ') || 'nobody yet: nothing is believed until an agent is trusted'],
      ['cloud-only users', tenantKeyLine(pairing.tenantKey)],
      ['accounts', accountsLine(accounts)],
      ...(status.groups ? [['groups', groupsLine(status.groups)]] : []),
      ['administrators', administratorsLine(status.administrators)],
      ['blocked', blockedLine(status.blocked)],
      ...(status.dns ? [['DNS', dnsLine(status.dns)]] : []),
      ...(status.onPremisesSids ? [['on-premises SIDs', sidsLine(status.onPremisesSids)]] : []),
      ...status.arrivals.map(arrival => [`arrived of ${arrival.forest}`, arrivalLine(arrival)]),
      [
        'deletions',
        `${deletions.waiting} wait${deletions.held > 0 ? `, ${deletions.held} of them for you` : ''}`,
      ],
      ['not written', countsLine(problems.counts)],
      ...(problems.unlisted === 0
        ? []
        : [
            [
              'signed by nobody trusted',
              `${problems.unlisted} more, in no list: the tenant shows people whom no trusted agent knows`,
            ],
          ]),
      ['names and SIDs that differ', countsLine(problems.asides)],
    ]),
    ...registrationAdvice(status.registration),
    ...(status.otherRuns ? ['', `ALARM: ${describeOtherRuns('Domain Services', status.otherRuns)}`] : []),
    ...(status.guard.alarm === null ? [] : ['', status.guard.alarm]),
    ...(status.samba == null || status.samba.warning === null
      ? []
      : ['', `WARNING: ${status.samba.warning}`]),
    ...(status.guard.ownChangesWaiting > 0
      ? [
          '',
          `own password changes are not refused yet for ${status.guard.ownChangesWaiting} accounts from before`,
        ]
      : []),
    ...((status.guard.marksWaiting ?? 0) > 0
      ? ['', `${status.guard.marksWaiting} accounts from before do not say yet whose they are`]
      : []),
    ...status.arrivals
      .filter(({ alarm }) => alarm !== null)
      .flatMap(one => ['', `${one.forest}: ${alarmText(one)}`]),
    ...(status.onPremisesSids ? tokenLines(status.onPremisesSids) : []),
    ...blockedLines(status.blocked),
    ...byHandLines(status.byHand),
    ...heldLines(deletions),
    ...growthLines(status.creations),
    ...problemLines(problems.latest),
  ];
}

const accountsLine = ({ accounts, withCredential, unclaimed = 0 }: DomainStatus['accounts']): string =>
  `${accounts}, ${withCredential} with a credential${unclaimed > 0 ? `, ${unclaimed} of which no record has come` : ''}`;

function groupsLine(status: NonNullable<DomainStatus['groups']>): string {
  const { groups, waiting, unclaimed, memberships, membershipsWaiting, deletionsHeld } = status;
  if (status.served === false && groups === 0) return 'none: the tenant has no feed of groups';
  return [
    `${groups}${waiting > 0 ? `, ${waiting} records wait` : ''}${unclaimed > 0 ? `, ${unclaimed} of which no record has come` : ''}`,
    `${memberships} memberships${membershipsWaiting > 0 ? `, ${membershipsWaiting} wait for their members` : ''}`,
    ...(deletionsHeld > 0 ? [`${deletionsHeld} deletions wait for you: causeway domain deletions`] : []),
    ...(Object.keys(status.problems).length > 0 ? [`not taken: ${countsLine(status.problems)}`] : []),
    ...(status.trouble === null ? [] : [status.trouble]),
  ].join('; ');
}

const blockedLine = ({ count, waiting }: DomainStatus['blocked']): string =>
  `${count === 0 ? 'nobody' : count}${waiting > 0 ? `, ${waiting} of them not on the account yet` : ''}`;

function blockedLines({ count, latest }: DomainStatus['blocked']): string[] {
  if (count === 0) return [];
  const more = count - latest.length;
  return [
    '',
    ...latest.map(one => `${describePerson(one.user, one)} is blocked ${blockText(one)}`),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function byHandLines(byHand: DomainStatus['byHand']): string[] {
  if (byHand === undefined || byHand.count === 0) return [];
  const more = byHand.count - byHand.latest.length;
  return [
    '',
    ...byHand.latest.map(
      one =>
        `${describePerson(one.user, one)} was ${one.what} by hand, seen since ${one.since}; to put it right:  causeway domain repair '${one.anchor}'`,
    ),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

const countsLine = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([code, n]) => `${n} ${code}`)
    .join(', ') || 'none';

function heldLines({ held, stillSigningIn, stillSigningInCount }: DomainStatus['deletions']): string[] {
  if (held === 0) return [];
  const more = stillSigningInCount - stillSigningIn.length;
  return [
    '',
    `${held} deletions wait for you: causeway domain deletions`,
    ...stillSigningIn.map(user => `ALARM: ${user} can still sign in although they were deleted`),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function growthLines({ held, alarms }: DomainStatus['creations']): string[] {
  return [
    ...Object.entries(alarms).map(
      ([forest, count]) => `ALARM: ${count} new users of ${forest} within 24 hours`,
    ),
    ...(held > 0 ? [`${held} new users wait for you: causeway domain creations`] : []),
  ];
}

function registrationLine({ state, since }: DomainStatus['registration']): string {
  switch (state) {
    case 'registered':
      return `yes, seen since ${since}`;
    case 'unknown':
      return 'the tenant has not said';
    default:
      return `NO, ${state}, seen since ${since}`;
  }
}

function registrationAdvice({ alarm, next }: DomainStatus['registration']): string[] {
  const lines = [alarm, next && `next: ${next}`].filter(line => line !== null);
  return lines.length > 0 ? ['', ...lines] : [];
}

function tenantKeyLine({ fingerprint, offered }: DomainStatus['pairing']['tenantKey']): string {
  if (fingerprint === null) return "wait: the tenant's own key is not known yet";
  if (offered === null) return `signed by the tenant's own key ${fingerprint}`;
  return `signed by ${fingerprint}; the tenant shows ${offered} now: if you know why, 'causeway domain trust-tenant ${offered}'`;
}

function arrivalLine({ state, head, here, completeAsOf, notWritten }: DomainArrival): string {
  if (head === null) return state;
  // More than the head says has come since. The next head includes it.
  const share = (what: 'accounts' | 'credentials' | 'groups' | 'slices'): string[] => {
    const [there, told] = [here[what] ?? 0, head[what]];
    if (told === undefined) return [];
    return [
      there > told ? `${there} ${what} (${told} when the forest told last)` : `${there} of ${told} ${what}`,
    ];
  };
  return [
    (['accounts', 'credentials', 'groups', 'slices'] as const).flatMap(share).join(', '),
    completeAsOf === null ? state : `${state}; complete as of ${completeAsOf}`,
    ...(notWritten > 0 ? [`${notWritten} not written, see below`] : []),
  ].join('; ');
}

function userLines({ entry, block, problems }: DomainUserStatus): string[] {
  const blocked = block === null ? [] : [['blocked', blockText(block)]];
  if (entry === null) {
    return table([
      ['source anchor', block!.anchor],
      ['forest', block!.forest],
      ['account', 'none: nobody of this anchor has come yet'],
      ...blocked,
    ]);
  }
  const credential = entry.hasCredential
    ? `written ${entry.credentialAt}`
    : entry.withdrawn
      ? `withdrawn ${entry.credentialAt}: the account is disabled until another one comes`
      : 'none yet: the account is disabled';
  return [
    ...table([
      ...personRows(entry),
      ['account', entry.deletedAt ? `deleted ${entry.deletedAt}` : `written ${entry.accountAt ?? 'never'}`],
      ['enabled', block !== null ? 'no: blocked' : entry.wantsEnabled ? 'yes' : 'no'],
      ...blocked,
      ['credential', entry.deletedAt ? 'gone with the account' : credential],
    ]),
    ...problemLines(problems),
  ];
}

function problemLines(problems: readonly UserProblem[]): string[] {
  if (problems.length === 0) return [];
  const rows = problems.map(p => [p.anchor, p.forest, p.kind, p.outcome, p.code, p.reason, p.since]);
  const head = ['source anchor', 'forest', 'record', 'outcome', 'code', 'reason', 'since'];
  return ['', ...table([head, ...rows])];
}

function dnsLine({ mode, address, forwarder }: DomainDns): string {
  if (mode === 'none') return 'none: no machine can join by DNS (causeway domain dns --set internal)';
  return `answers at ${address}, ${forwarder === null ? 'for its own names alone' : `asks ${forwarder} for all others`}`;
}

function sidsLine(sids: OnPremisesSids): string {
  if (sids.setting === 'none') return 'none, as configured';
  const { setting, written, waiting, groups = { written: 0, waiting: 0 }, domains } = sids;
  const people =
    setting === 'groups'
      ? 'of groups alone, as configured'
      : `${written} people have theirs, ${waiting} wait`;
  const unconfirmed = domains.filter(isUndecided).length;
  const open =
    unconfirmed > 0 ? `; domains that nobody confirmed: ${unconfirmed} (causeway domain sids)` : '';
  return `${people}; ${groups.written} groups have theirs, ${groups.waiting} wait${open}`;
}
