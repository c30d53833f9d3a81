import { describeOtherRuns } from '@causeway/api';
import type { ConnectComparison, ConnectStatus, ConnectUserStatus } from '@causeway/contract';
import { CausewayError, printResult, table } from '@causeway/service';
import { describeRestore } from './accept-restore.ts';
import { askOrDo, type CommonOptions } from './at-hand.ts';
import { describeController } from './domain-controller.ts';
import { describePass } from './force-password-sync.ts';
import { describeGroup, describeGroups, synchronizedText } from './show-groups.ts';

export async function showStatus(
  user: string | undefined,
  options: CommonOptions & { group?: string },
): Promise<void> {
  const { group } = options;
  if (group !== undefined && user !== undefined)
    throw new CausewayError(
      'options-conflict',
      `a user or --group expected, got both: '${user}', '${group}'`,
    );
  if (group !== undefined) {
    const { result } = await askOrDo(options, 'getGroupStatus', { params: { group } });
    printResult(options.json, result, () => describeGroup(result));
    return;
  }
  if (user === undefined) {
    const { result, running } = await askOrDo(options, 'getStatus', {});
    printResult(options.json, { running, ...result }, () => describeStatus(result, running));
    return;
  }
  const { result } = await askOrDo(options, 'getUserStatus', { params: { user } });
  printResult(options.json, result, () => describeUser(result));
}

export function describeStatus(status: ConnectStatus, running: boolean): string[] {
  const { pairing } = status;
  const lines = [
    `Connect is ${running ? 'running' : 'not running'}; tenant ${status.tenant.name} at ${status.tenant.url}`,
    ...(status.staging
      ? [`STAGES since ${status.staging.since}: it reads and decides, and neither signs nor sends anything`]
      : []),
    ...(status.tenant.otherRuns ? [`ALARM: ${describeOtherRuns('Connect', status.tenant.otherRuns)}`] : []),
    `signing key  ${status.signingKey.fingerprint}`,
    `managed domain  ${describePairing(pairing)}`,
  ];
  for (const c of status.connectors) {
    lines.push(
      '',
      c.passwordSync ? c.name : `${c.name}  password hash synchronization is switched OFF`,
      `  last object cycle ${c.lastObjectCycleAt ?? 'none yet'}, last password cycle ${c.lastPasswordCycleAt ?? 'none yet'}`,
      `  ${c.users} users in scope, ${c.exported} in the tenant, ${c.passwords} passwords sent, ${c.withLegacyRecord} of them for the managed domain`,
      `  ${c.queued} in the retry queue, ${c.quarantined} quarantined, ${c.owed} owed, ${c.waiting} waiting for their users to change a temporary password`,
    );
    if (c.groups) lines.push(...describeGroups(c.groups, c.name).map(line => `  ${line}`));
    lines.push(...describeArrival(c.arrival).map(line => `  ${line}`));
    if (c.domainController) lines.push(...describeController(c.domainController).map(line => `  ${line}`));
    if (c.restore) lines.push(...describeRestore(c.restore).map(line => `  ${line}`));
    if (c.clock)
      lines.push(
        `  ALARM: this machine's clock is ${Math.abs(c.clock.aheadSeconds)} seconds ${c.clock.aheadSeconds > 0 ? 'ahead of' : 'behind'} the domain controller's, since ${c.clock.since}`,
      );
    if (c.lastError !== null)
      lines.push(...`last error: ${c.lastError}`.split('\n').map(line => `  ${line}`));
    lines.push(...describeWaiting(c).map(line => `  ${line}`));
    if (c.comparison) lines.push(...describeComparison(c.comparison, c.name).map(line => `  ${line}`));
    if (c.fullPass) lines.push(`  ${describePass(c.fullPass)}`);
    const rows = [
      ...c.queue.map(e => ['retry', e.user, e.kind, e.reason]),
      ...c.quarantine.map(e => ['quarantined', e.user, e.kind, e.reason]),
      ...c.waitingFor.map(e => ['waiting', e.user, 'password', e.reason]),
    ];
    lines.push(...table(rows).map(line => `  ${line}`));
  }
  lines.push(
    '',
    ...status.events.slice(0, 10).map(event => `${event.at}  ${event.eventId}  ${event.text.split('\n')[0]}`),
  );
  return lines;
}

type Connector = ConnectStatus['connectors'][number];

function describeWaiting(c: Connector): string[] {
  const lines: string[] = [];
  if (c.suppressedDeletes > 0) {
    lines.push(
      `${c.suppressedDeletes} deletions wait for you: causeway connect deletions --connector '${c.name}'`,
      ...c.stillSigningIn.map(user => `ALARM: ${user} can still sign in although they were deleted`),
    );
    const more = c.stillSigningInCount - c.stillSigningIn.length;
    if (more > 0) lines.push(`and ${more} more`);
  }
  if (c.passwordScope) {
    const { out, held } = c.passwordScope;
    if (out > 0) lines.push(`${out} people are not in the scope of passwords: no password of theirs is sent`);
    if (held > 0)
      lines.push(
        `${held} passwords are to be withdrawn, and wait for you: causeway connect deletions --connector '${c.name}'`,
      );
  }
  if (c.growthAlarm !== null) lines.push(`ALARM: ${c.growthAlarm} new users within 24 hours`);
  if (c.suppressedCreations > 0)
    lines.push(
      `${c.suppressedCreations} new users wait for you: causeway connect creations --connector '${c.name}'`,
    );
  const { suppressedRenames = 0 } = c;
  if (suppressedRenames > 0)
    lines.push(
      `${suppressedRenames} new names wait for you: causeway connect renames --connector '${c.name}'`,
    );
  return lines;
}

function describeComparison(comparison: ConnectComparison, connector: string): string[] {
  const { at, differing, saidAnew, alarmed, strangers, strangersHeld } = comparison;
  const lines = [
    `compared with the tenant ${at}: ${differing === 0 ? 'it has what it acknowledged' : `${differing} differ`}; ${saidAnew} signed anew and sent again within a day`,
  ];
  if (alarmed > 0)
    lines.push(`ALARM: ${alarmed} of them differed again each time they were sent: the events name them`);
  if (strangers > 0)
    lines.push(
      `${strangers} found in the tenant or in the managed domain are not known here: the directory is asked`,
    );
  if (strangersHeld > 0)
    lines.push(
      `${strangersHeld} deletions of people or groups that were found there and are not in the directory wait for you: causeway connect deletions --connector '${connector}'`,
    );
  return lines;
}

function describePairing(pairing: ConnectStatus['pairing']): string {
  const { realm, confirmed, offered } = pairing;
  switch (pairing.state) {
    case 'off':
      return 'none: legacy credentials do not flow';
    case 'confirmed':
      return `${realm}, key confirmed ${confirmed?.confirmedAt}: ${confirmed?.fingerprint}`;
    case 'unconfirmed':
      if (offered === null && confirmed !== null)
        return `${confirmed.realm}, whose key was confirmed ${confirmed.confirmedAt}: the tenant shows no managed domain any more, so nothing is sealed; at the managed domain run 'causeway domain register', or, if it is gone for good, here 'causeway connect untrust-domain'`;
      return `${realm}, key NOT confirmed: the tenant offers ${offered?.fingerprint ?? 'none'}; compare with 'causeway domain fingerprint', then run 'causeway connect trust-domain FINGERPRINT'`;
    case 'unknown':
      return `unknown: ${pairing.reason}`;
  }
}

function describeArrival(arrival: ConnectStatus['connectors'][number]['arrival']): string[] {
  const { state, accounts, credentials, groups, slices, completeAsOf, alarm, missing, missingCount } =
    arrival;
  const { groupsNotWritten } = arrival;
  if (state === 'no managed domain') return [];
  const lines = [
    `${accounts.arrived} of ${accounts.all} accounts, ${credentials.arrived} of ${credentials.all} credentials have arrived in the managed domain: ${state}; ${completeAsOf === null ? 'never complete yet' : `complete as of ${completeAsOf}`}`,
  ];
  if (groups && slices && groups.all + slices.all > 0)
    lines.push(
      `${groups.arrived} of ${groups.all} groups, ${slices.arrived} of ${slices.all} slices of their members have arrived there`,
    );
  if (alarm !== null) lines.push(`ALARM: ${alarm}`);
  for (const { user, what, refused, reason } of missing) {
    const why = reason ?? (refused === null ? undefined : `came and was refused: ${refused}`);
    lines.push(`not there: ${user}, ${what}${why === undefined ? '' : ` (${why})`}`);
  }
  if (missingCount > missing.length) lines.push(`and ${missingCount - missing.length} more`);
  if (groupsNotWritten) {
    const shown = groupsNotWritten.groups.map(one => `${one.group}, ${one.what} (${one.code})`).join('; ');
    const more = groupsNotWritten.count - groupsNotWritten.groups.length;
    lines.push(
      `${groupsNotWritten.count} groups came there and are not written, or not wholly: ${shown}${more > 0 ? `; and ${more} more` : ''}`,
    );
  }
  return lines;
}

/** The state of one user at every step, in words. */
export function describeUser(user: ConnectUserStatus): string[] {
  const { password, standstill } = user;
  const rows = [
    ['user', user.user],
    ['connector', user.connector],
    ['DN', user.distinguishedName],
    ['source anchor', user.sourceAnchor],
    ['synchronized', synchronizedText(user)],
    ['object', `${user.export.state}${user.export.at ? ` since ${user.export.at}` : ''}`],
    ['object problem', user.export.problem?.reason ?? 'none'],
    ...(standstill
      ? [
          [
            'channel',
            `STANDS STILL since ${standstill.since ?? 'the beginning'}: ${standstill.reason.split('\n')[0]}`,
          ],
          ['', 'what follows is as old; newer passwords have not been read'],
        ]
      : []),
    [
      'password',
      password
        ? `${password.status}${password.detail ? `: ${password.detail}` : ''} (${password.updatedAt})`
        : 'none read yet',
    ],
    ['last sent', password?.acknowledgedAt ?? 'never'],
    ['managed domain', password?.recipientKeyId ? `sealed to key ${password.recipientKeyId}` : 'not sent'],
    ['owed since', user.owedSince ?? 'not owed'],
    [
      'retry',
      user.retry
        ? `${user.retry.quarantined ? 'quarantined' : 'queued'}: ${user.retry.reason} (try ${user.retry.attempts})`
        : 'none',
    ],
  ];
  return table(rows);
}
