import { userInfo } from 'node:os';
import { stopDomain } from '@causeway/samba';
import {
  CausewayError,
  type CodeFlags,
  checkStateFolder,
  codeOption,
  confirm,
  lockState,
  printResult,
  readCode,
  table,
  withCode,
} from '@causeway/service';
import type { Command as Program } from 'commander';
import { blockText } from '../admin/block-commands.ts';
import { listNames, type NameClaims, type NameList, readName } from '../admin/name-commands.ts';
import { readStatus, readUserStatus, type Status, type UserStatus } from '../admin/status.ts';
import { type ConfigurationFlags, loadDomainConfiguration } from '../configuration.ts';
import { createDomain } from '../creation/create.ts';
import type { Arrival } from '../heads/arrival.ts';
import { alarmText } from '../heads/head-watch.ts';
import type { Problem } from '../ledger/problem-book.ts';
import { openDomainKeys, publicDomainKeys } from '../pairing/domain-keys.ts';
import { placesOf } from '../places.ts';
import { MAKE_CODE } from '../registration/identity.ts';
import { runDomain } from '../run.ts';
import { administratorCommands, administratorsLine } from './administrator-commands.ts';
import { askOrDo, type Opened, perform } from './at-hand.ts';
import { type ForestFlags, forestOption } from './forest-option.ts';
import { heldCommands } from './held-commands.ts';
import { personRows } from './person-rows.ts';
import { type ReplaceFlags, register } from './register-command.ts';

interface Flags extends ConfigurationFlags {
  json?: boolean;
}

/** Of the flag that says which one of several people with one source anchor or one name. */
const OF_SEVERAL = "the user's forest, where several may be meant";

interface CreateFlags extends Flags, ReplaceFlags, CodeFlags {
  realm?: string;
  netbios?: string;
  hostName?: string;
  address?: string;
  dns?: 'internal' | 'none';
  directory?: string;
  tenant?: string;
  ca?: string;
  deletionThreshold?: string;
  adminPasswordFile?: string;
}

/** Adds `causeway domain …`. */
export function domainCommands(program: Program): void {
  const domain = program.command('domain').description('the managed domain: make it, run it, see and decide');
  const command = (name: string, description: string): Program =>
    domain
      .command(name)
      .description(description)
      .option('--config <file>', 'configuration file (YAML)')
      .option('--state <directory>', 'state folder')
      .option('--json', 'print JSON');

  codeOption(command('create', 'make the managed domain, its keys, and enrol it with the tenant'), MAKE_CODE)
    .option('--realm <REALM>', 'Kerberos realm, such as AADDS.EXAMPLE.NET')
    .option('--netbios <NAME>', 'NetBIOS name of the domain')
    .option('--host-name <name>', 'short name of this domain controller')
    .option('--address <ipv4>', 'address that the domain controller listens on')
    .option('--dns <mode>', "'internal': Samba answers DNS itself; 'none'")
    .option('--directory <directory>', "the Samba domain's own folder")
    .option('--tenant <url>', 'base address of the tenant')
    .option('--ca <file>', "CA of the tenant's certificate (PEM)")
    .option('--replace <REALM>', "the tenant's managed domain whose place this one takes")
    .option('--yes', 'replace it without a question')
    .option(
      '--deletion-threshold <n>',
      'above this many deletions within 24 hours, or above 10 % of a forest, they wait for you',
    )
    .option('--admin-password-file <file>', "file with the Administrator's password; made up when absent")
    .action(create);
  codeOption(command('register', 'register this managed domain with its tenant (again)'), MAKE_CODE)
    .option('--replace <REALM>', "the tenant's managed domain whose place this one takes")
    .option('--yes', 'replace it without a question')
    .action(register);
  command('run', 'supervise the managed domain and follow the tenant').action((flags: Flags) =>
    runDomain(loadDomainConfiguration(flags)),
  );
  command('stop', 'stop the managed domain itself, after its service').action(stop);
  forestOption(command('status', 'what was written, what was refused and why'), OF_SEVERAL)
    .argument('[user]', 'userPrincipalName, name in the managed domain or source anchor')
    .action(status);
  command('fingerprint', "the fingerprint of this domain's keys").action(fingerprint);
  command('trust-agent', "trust a Connect's signing key for a forest")
    .argument('<fingerprint>', 'as Connect shows it')
    .requiredOption('--forest <name>', 'DNS name of the forest')
    .action((fingerprint: string, flags: Flags & { forest: string }) =>
      perform(flags, { command: 'trust-agent', fingerprint, forest: flags.forest }),
    );
  command('untrust-agent', 'take a trust back')
    .argument('<fingerprint>', 'of the trusted key')
    .option('--forest <name>', 'for this forest alone')
    .action((fingerprint: string, flags: Flags & { forest?: string }) =>
      perform(flags, {
        command: 'untrust-agent',
        fingerprint,
        ...(flags.forest !== undefined && { forest: flags.forest }),
      }),
    );
  command('trust-tenant', "trust the tenant's own key, which signs cloud-only users, after it has changed")
    .argument('<fingerprint>', "as 'causeway tenant fingerprint' shows it")
    .action((fingerprint: string, flags: Flags) => perform(flags, { command: 'trust-tenant', fingerprint }));
  forestOption(
    command('accept', 'accept a user that was made anew, an older password of a restored forest, or a SID'),
    OF_SEVERAL,
  )
    .argument('<anchor>', 'source anchor, as status shows it')
    .action((anchor: string, { forest, ...flags }: ForestFlags) =>
      perform(flags, { command: 'accept', anchor, forest }),
    );
  forestOption(
    command(
      'block',
      'keep somebody out of the managed domain at once, whatever the forest or the tenant says',
    ),
    `${OF_SEVERAL} or the user has not come yet`,
  )
    .argument('<user>', 'userPrincipalName, name in the managed domain or source anchor')
    .option('--reason <text>', 'why, for whoever looks at the status later')
    .action((user: string, { forest, reason, ...flags }: ForestFlags & { reason?: string }) =>
      perform(flags, { command: 'block', user, forest, by: whoRuns(), reason: reason || undefined }),
    );
  forestOption(command('unblock', 'end a block: the account is what its forest says'), OF_SEVERAL)
    .argument('<user>', 'userPrincipalName, name in the managed domain or source anchor')
    .action((user: string, { forest, ...flags }: ForestFlags) =>
      perform(flags, { command: 'unblock', user, forest, by: whoRuns() }),
    );
  nameCommands(domain);
  heldCommands(command);
  administratorCommands(domain);
}

/** `causeway domain name …`. */
function nameCommands(domain: Program): void {
  const name = domain
    .command('name')
    .description('names that accounts of the managed domain have, want or had');
  const command = (text: string, description: string): Program =>
    name
      .command(text)
      .description(description)
      .option('--config <file>', 'configuration file (YAML)')
      .option('--state <directory>', 'state folder')
      .option('--json', 'print JSON');
  const argument = 'account name or userPrincipalName';
  command(
    'list',
    'list the accounts that are not called as on-premises, and the names that are reserved',
  ).action((flags: Flags) => look(flags, '/names', ({ ledger }) => listNames(ledger), nameLines));
  command('show', 'show who has a name, whose it is, and who wants it')
    .argument('<name>', argument)
    .action((text: string, flags: Flags) =>
      look(
        flags,
        `/names/${encodeURIComponent(text)}`,
        ({ ledger, realm }) => readName(ledger, realm, text),
        claimLines,
      ),
    );
  command('free', 'free a reserved name, for whoever wants it')
    .argument('<name>', argument)
    .action((text: string, flags: Flags) => perform(flags, { command: 'free-name', name: text }));
  forestOption(command('give', 'hand a name over to a user of another forest who wants it'), OF_SEVERAL)
    .argument('<name>', argument)
    .argument('<user>', 'source anchor, or a name, of the user who gets it')
    .option('--yes', 'do it: without this, the command only says what would change')
    .action((text: string, user: string, { forest, yes, ...flags }: ForestFlags & { yes?: boolean }) =>
      perform(flags, { command: 'give-name', name: text, user, forest, confirmed: yes === true }),
    );
}

async function create(flags: CreateFlags): Promise<void> {
  const given = {
    realm: flags.realm,
    netbiosDomain: flags.netbios,
    hostName: flags.hostName,
    address: flags.address,
    dns: flags.dns,
    directory: flags.directory,
    tenant:
      flags.tenant === undefined ? undefined : { url: flags.tenant, ...(flags.ca && { caFile: flags.ca }) },
    deletionThreshold: flags.deletionThreshold === undefined ? undefined : count(flags.deletionThreshold),
  };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const configuration = loadDomainConfiguration(flags, set);
  const created = await withCode(await readCode(flags), code =>
    createDomain(configuration, {
      ...{ code, replace: flags.replace, administratorPasswordFile: flags.adminPasswordFile },
      confirm: consequences => confirm(consequences, `Replace ${flags.replace}?`, flags.yes),
      progress: line => process.stderr.write(`${line}\n`),
    }),
  );
  printResult(flags.json, created, () => [
    `managed domain ${created.realm} is made in ${created.directory}`,
    `fingerprint of its keys: ${created.fingerprint}`,
    `the Administrator's password is in ${created.administratorPasswordFile}`,
    `Samba ${created.samba.version ?? 'of an unknown version'}`,
    ...(created.samba.warning === null ? [] : [`WARNING: ${created.samba.warning}`]),
    ...(created.replaced === null ? [] : [`it has the place of ${created.replaced}, which goes on running`]),
    '',
    `next, where Connect runs:  causeway connect trust-domain ${created.fingerprint}`,
    `next, for the tenant:      causeway tenant trust-domain ${created.fingerprint}  (until then it seals no cloud-only password)`,
    `next, here:                causeway domain trust-agent FINGERPRINT --forest NAME  (as Connect shows it)`,
    `then:                      causeway domain run`,
  ]);
}

async function stop(flags: Flags): Promise<void> {
  const places = placesOf(loadDomainConfiguration(flags));
  const lock = lockState(places.stateDirectory, places.domain.directory);
  try {
    await stopDomain(places.domain);
  } finally {
    lock.release();
  }
  printResult(flags.json, { stopped: true }, () => ['the managed domain is stopped']);
}

async function fingerprint(flags: Flags): Promise<void> {
  const places = placesOf(loadDomainConfiguration(flags));
  checkStateFolder(places.stateDirectory, places.domain.directory);
  const keys = publicDomainKeys(await openDomainKeys(places));
  printResult(flags.json, keys, () => [keys.fingerprint]);
}

/** The user of this machine, also behind sudo; undefined where the system has no name for them, as in a container. */
function whoRuns(): string | undefined {
  try {
    return process.env.SUDO_USER ?? userInfo().username;
  } catch {
    return undefined;
  }
}

async function status(user: string | undefined, { forest, ...flags }: ForestFlags): Promise<void> {
  if (user === undefined) {
    await look(flags, '/status', opened => readStatus(opened, undefined), statusLines);
  } else {
    const query = forest === undefined ? '' : `?${new URLSearchParams({ forest })}`;
    const path = `/users/${encodeURIComponent(user)}${query}`;
    await look(flags, path, ({ ledger }) => readUserStatus(ledger, user, forest), userLines);
  }
}

/** Shows what the running service answers; where none runs, what the ledger says. */
async function look<T>(
  flags: Flags,
  path: string,
  read: (opened: Opened) => T,
  lines: (value: T) => string[],
): Promise<void> {
  const value = await askOrDo(loadDomainConfiguration(flags), 'GET', path, read);
  printResult(flags.json, value, () => lines(value));
}

function count(text: string): number {
  if (/^\d{1,8}$/.test(text)) return Number(text);
  throw new CausewayError('bad-number', `a whole number expected, got '${text}'`);
}

function statusLines(status: Status): string[] {
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
      ['accounts', `${accounts.accounts}, ${accounts.withCredential} with a credential`],
      ['administrators', administratorsLine(status.administrators)],
      ['blocked', blockedLine(status.blocked)],
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
    ...status.arrivals
      .filter(({ alarm }) => alarm !== null)
      .flatMap(one => ['', `${one.forest}: ${alarmText(one)}`]),
    ...blockedLines(status.blocked),
    ...heldLines(deletions),
    ...growthLines(status.creations),
    ...problemLines(problems.latest),
  ];
}

const blockedLine = ({ count, waiting }: Status['blocked']): string =>
  `${count === 0 ? 'nobody' : count}${waiting > 0 ? `, ${waiting} of them not on the account yet` : ''}`;

function blockedLines({ count, latest }: Status['blocked']): string[] {
  if (count === 0) return [];
  const more = count - latest.length;
  return [
    '',
    ...latest.map(one => `${one.user} (${one.anchor} of ${one.forest}) is blocked ${blockText(one)}`),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

const countsLine = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([code, n]) => `${n} ${code}`)
    .join(', ') || 'none';

function heldLines({ held, stillSigningIn, stillSigningInCount }: Status['deletions']): string[] {
  if (held === 0) return [];
  const more = stillSigningInCount - stillSigningIn.length;
  return [
    '',
    `${held} deletions wait for you: causeway domain deletions`,
    ...stillSigningIn.map(user => `ALARM: ${user} can still sign in although they were deleted`),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

function growthLines({ held, alarms }: Status['creations']): string[] {
  return [
    ...Object.entries(alarms).map(
      ([forest, count]) => `ALARM: ${count} new users of ${forest} within 24 hours`,
    ),
    ...(held > 0 ? [`${held} new users wait for you: causeway domain creations`] : []),
  ];
}

function registrationLine({ state, since }: Status['registration']): string {
  switch (state) {
    case 'registered':
      return `yes, seen since ${since}`;
    case 'unknown':
      return 'the tenant has not said';
    default:
      return `NO, ${state}, seen since ${since}`;
  }
}

function registrationAdvice({ alarm, next }: Status['registration']): string[] {
  const lines = [alarm, next && `next: ${next}`].filter(line => line !== null);
  return lines.length > 0 ? ['', ...lines] : [];
}

function tenantKeyLine({ fingerprint, offered }: Status['pairing']['tenantKey']): string {
  if (fingerprint === null) return "wait: the tenant's own key is not known yet";
  if (offered === null) return `signed by the tenant's own key ${fingerprint}`;
  return `signed by ${fingerprint}; the tenant shows ${offered} now: if you know why, 'causeway domain trust-tenant ${offered}'`;
}

function arrivalLine({ state, head, here, completeAsOf, notWritten }: Arrival): string {
  if (head === null) return state;
  // What came after the head: the next one tells of it.
  const share = (what: 'accounts' | 'credentials') =>
    here[what] > head[what]
      ? `${here[what]} ${what} (${head[what]} when the forest told last)`
      : `${here[what]} of ${head[what]} ${what}`;
  return [
    `${share('accounts')}, ${share('credentials')}`,
    completeAsOf === null ? state : `${state}; complete as of ${completeAsOf}`,
    ...(notWritten > 0 ? [`${notWritten} not written, see below`] : []),
  ].join('; ');
}

function userLines({ entry, block, problems }: UserStatus): string[] {
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

function nameLines({ differing, reserved }: NameList): string[] {
  return [
    ...table([
      ['source anchor', 'forest', 'name here', 'on-premises', 'userPrincipalName here', 'on-premises'],
      ...differing.map(one => [
        ...[one.anchor, one.forest, one.samAccountName ?? '-', one.wantedName ?? '-'],
        ...[one.userPrincipalName ?? '-', one.wantedPrincipal ?? '-'],
      ]),
    ]),
    '',
    ...table([
      ['reserved name', 'for', 'until'],
      ...reserved.map(({ name, forest, until }) => [name, forest, until]),
    ]),
  ];
}

function claimLines({ name, owner, reservedUntil, holders, waiting }: NameClaims): string[] {
  const list = (accounts: NameClaims['holders']) =>
    accounts.map(({ anchor, forest }) => `${anchor} (${forest})`).join(', ') || 'nobody';
  const whose = reservedUntil === null ? owner : `${owner}, for which it is reserved until ${reservedUntil}`;
  return table([
    ['name', name],
    ['has it', list(holders)],
    ['belongs to', whose ?? 'no forest'],
    ['want it', list(waiting)],
  ]);
}

function problemLines(problems: readonly Problem[]): string[] {
  if (problems.length === 0) return [];
  const rows = problems.map(p => [p.anchor, p.forest, p.kind, p.outcome, p.code, p.reason, p.since]);
  const head = ['source anchor', 'forest', 'record', 'outcome', 'code', 'reason', 'since'];
  return ['', ...table([head, ...rows])];
}
