import { call, callIfServed } from '@causeway/api';
import {
  administrationRoutes,
  type DomainConfirmation,
  type Loss,
  lossRoutes,
  managedDomainRoutes,
  type PublicKey,
  type TenantStatus,
  type UserStatus,
} from '@causeway/contract';
import { domainFingerprint } from '@causeway/records';
import { example, printResult, table } from '@causeway/service';
import type { Command } from 'commander';
import { agentCommands } from './agent-commands.ts';
import { remoteOptions, remoteSend } from './remote.ts';

/** The commands that an administrator can run from anywhere, with a token. */
export function remoteCommands(tenant: Command): void {
  agentCommands(tenant);
  remoteOptions(tenant.command('accept'))
    .description(
      "accept the next password of one user even if it is older than the one here; for a restored forest: 'causeway connect accept-restore'",
    )
    .argument('<user>', 'id, userPrincipalName or source anchor')
    .addHelpText('after', example('causeway tenant accept alice@corp.example.com'))
    .action(async (user, options) => {
      await call(remoteSend(options), administrationRoutes.acceptPasswordOrder, { params: { id: user } });
      printResult(options.json, { accepted: user }, () => [
        `the next password of ${user} is taken as it comes; force a password sync to send it`,
      ]);
    });

  remoteOptions(tenant.command('status'))
    .description('show the state of the tenant, or of one user')
    .argument('[user]', 'id, userPrincipalName or source anchor')
    .addHelpText('after', example('causeway tenant status', 'causeway tenant status alice@corp.example.com'))
    .action(async (user, options) => {
      const send = remoteSend(options);
      if (user !== undefined) {
        const status = await call(send, administrationRoutes.getUser, { params: { id: user } });
        printResult(options.json, status, () => userLines(status));
        return;
      }
      const [status, served, lost] = await Promise.all([
        call(send, administrationRoutes.getTenantStatus),
        callIfServed(send, managedDomainRoutes.readConfirmation),
        callIfServed(send, lossRoutes.listLosses),
      ]);
      printResult(options.json, { ...status, ...served, ...lost }, () => [
        ...(lost?.losses ?? []).flatMap(lossLines),
        ...newerLines(status),
        ...tenantLines(status, served?.confirmation),
      ]);
    });
}

/** The fingerprint that administrators compare: of both keys, computed here. */
function fingerprintOf({ key, receiptKey }: { key: PublicKey; receiptKey: PublicKey }): string {
  try {
    return domainFingerprint(key.publicKey, receiptKey.publicKey);
  } catch {
    return 'without keys that can be read';
  }
}

const groupsLine = (all: number, refused = 0): string =>
  refused === 0 ? String(all) : `${all}, ${refused} of them refused in the managed domain`;

function arrivalLine({ head, receipt }: TenantStatus['arrivals'][number]): string {
  if (receipt === null) return 'no receipt of the managed domain yet';
  const of = (here: number, all: number | undefined): string =>
    all === undefined ? `${here}` : `${here} of ${all}`;
  const counts = `${of(receipt.accounts, head?.accounts)} accounts, ${of(receipt.credentials, head?.credentials)} credentials`;
  const complete = receipt.completeAsOf ? `complete as of ${receipt.completeAsOf}` : 'never complete yet';
  const notWritten = receipt.notWritten + (receipt.groupsNotWritten ?? 0);
  const refused = notWritten > 0 ? `; ${notWritten} not written` : '';
  const alarm = receipt.alarmSince ? `; DIFFERS since ${receipt.alarmSince}` : '';
  return `${counts}; ${complete}${refused}${alarm}`;
}

function userLines(user: UserStatus): string[] {
  const { credential, legacy } = user;
  const state = user.deletedAt ? `deleted ${user.deletedAt}` : user.accountEnabled ? 'enabled' : 'disabled';
  const blocked = user.blockedAt && `BLOCKED at web sign-in since ${user.blockedAt}`;
  const expires = user.accountExpires && `expires ${user.accountExpires}`;
  return table([
    ['user', user.userPrincipalName],
    ...nameLines(user),
    ['id', user.id],
    ['origin', user.forest ? `${user.origin}, ${user.forest}, ${user.sourceAnchor}` : 'cloud-only'],
    ['account', [state, expires, blocked].filter(Boolean).join(', ')],
    ['locked until', user.lockedUntil ?? '-'],
    [
      'password',
      credential
        ? `${user.mustChange ? 'temporary, ' : ''}of ${credential.changeDate ?? 'unknown'}, here since ${credential.receivedAt}`
        : 'none',
    ],
    ['legacy credentials', legacy.recordReceivedAt ? `record since ${legacy.recordReceivedAt}` : 'none'],
    ['managed domain', legacyLine(legacy)],
  ]);
}

/** The name that stands in while the user does not have the true one, and why. */
function nameLines({ signInName, nameProblem }: UserStatus): [string, string][] {
  if (signInName === undefined) return [];
  const stand = signInName === null ? 'nothing: no name opens a sign-in until then' : signInName;
  return [['signs in as', `${stand} (${nameProblem})`]];
}

function legacyLine({ outcome, reason, appliedAt }: UserStatus['legacy']): string {
  if (outcome === null) return 'nothing reported yet';
  return [outcome, appliedAt, reason].filter(Boolean).join(', ');
}

function confirmationLine({ confirmed, owed }: DomainConfirmation): string {
  if (confirmed) return `confirmed ${confirmed.at} by ${confirmed.by}`;
  return (
    `NOT confirmed: ${owed} cloud-only people have no legacy password until 'causeway tenant trust-domain FINGERPRINT' and a change of ` +
    "their password; compare with 'causeway domain fingerprint'"
  );
}

function lossLines({ id, since, until, foundAt, foundBy }: Loss): string[] {
  return [
    `LOST: the database is of an earlier day. Changes made after ${since ?? 'an unknown time'}, and at least until ${until}, are not in it,`,
    `as a mark of the agent '${foundBy}' proved at ${foundAt}. All sessions, tokens and enrolment codes were ended then.`,
    'Forests say everything of their users again. For the rest, look for what was made or removed since that day:',
    'blocks, administrators, applications, agents, group members and cloud-only users, who may have had another password, too.',
    `Then end this alarm: causeway tenant loss seen ${id}`,
    '',
  ];
}

const NEWER = {
  deleted: 'was deleted',
  password: 'has a newer password there',
  account: 'was disabled, enabled or reset',
} as const;

function newerLines({ newerInDomain }: TenantStatus): string[] {
  if (newerInDomain === undefined) return [];
  const { count, people } = newerInDomain;
  return [
    `NEWER IN THE MANAGED DOMAIN: it has what this database lost of ${count} cloud-only ${count === 1 ? 'person' : 'people'}. Their sessions and`,
    "tokens were ended; nobody was disabled. Do again what was lost ('causeway tenant user delete', 'disable', 'enable'), or reset the password",
    "('causeway tenant user reset-password'):",
    ...people.map(
      ({ userPrincipalName, what, foundAt }) => `  ${userPrincipalName} ${NEWER[what]} (found ${foundAt})`,
    ),
    ...(count > people.length ? [`  and ${count - people.length} more`] : []),
    '',
  ];
}

function tenantLines(status: TenantStatus, confirmation: DomainConfirmation | null | undefined): string[] {
  const { domain } = status.windowsCredentialsSyncConfig;
  return [
    ...table([
      ['tenant', `${status.tenantName} (${status.tenantId})`],
      ['users', `${status.users}, ${status.disabled} of them disabled`],
      ...(status.groups === undefined ? [] : [['groups', groupsLine(status.groups, status.groupsRefused)]]),
      ...(status.blocked === undefined
        ? []
        : [
            [
              'blocked',
              `${status.blocked}, as this database has it: after a restore, block again whom its backup does not know`,
            ],
          ]),
      ['with a password', `${status.withCredential}`],
      [
        'legacy credentials',
        `${status.withLegacyRecord}, applied ${status.legacyApplied}, refused ${status.legacyRefused}`,
      ],
      ['managed domain', domain ? `${domain.realm}, ${fingerprintOf(domain)}` : 'none'],
      ...(confirmation ? [['its keys', confirmationLine(confirmation)]] : []),
      ...status.arrivals.map(one => [`arrived of ${one.forest}`, arrivalLine(one)]),
    ]),
    ...(status.runningTwice ?? []).flatMap(({ id, name, runs }) => [
      `ALARM: ${runs.length} copies of agent ${name} (${id}) run beside each other: stop all but one`,
      ...runs.map(
        ({ machine, address, firstSeenAt, lastSeenAt }) =>
          `  on ${machine} (${address}) since ${firstSeenAt}, last seen ${lastSeenAt}`,
      ),
    ]),
    ...(status.nameDifferences ?? []).map(
      ({ name, here, managedDomain }) =>
        `DIFFERS: ${name} is ${here.id} of ${here.forest} at web sign-in, and ${managedDomain.id} of ${managedDomain.forest} in the ` +
        `managed domain. Hand it over in one place ('tenant name give' or 'domain name give'), or end the alarm with 'tenant name seen ${name}'`,
    ),
    '',
    ...table([
      ['FOREST', 'AGENT', 'REPORTED', 'OBJECTS', 'PASSWORDS', 'QUEUED', 'OWED', 'QUARANTINED'],
      ...status.connect.map(row => [
        row.forest,
        row.agent,
        row.reportedAt,
        row.lastObjectCycleAt ?? 'never',
        row.lastPasswordCycleAt ?? 'never',
        `${row.queued}`,
        `${row.owed}`,
        `${row.quarantined}`,
      ]),
    ]),
  ];
}
