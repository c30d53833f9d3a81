import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { withProgress } from '../progress.ts';
import { labDown, labReset, labUp } from './lifecycle.ts';
import { Machine } from './machine.ts';
import { seedDomain, seededUser } from './seed.ts';
import { labDirectory } from './state.ts';
import {
  DOMAINS,
  describeDomain,
  findDomain,
  krb5ConfFile,
  type LabDomain,
  labDomains,
  labForests,
} from './table.ts';
import { tryLdapGssapi, tryLdapSimple } from './try-ldap.ts';
import { tryKinit, trySmb } from './try-password.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** `causeway lab …` */
export function labCommand(): Command {
  const lab = new Command('lab')
    .description('real Active Directory domains on loopback addresses')
    .hook('preAction', refuseOthersThanRoot);
  lab
    .command('up')
    .description('make and start the on-premises forests; what runs already stays as it is')
    .option(
      '--forests <number>',
      `how many: ${labForests.map(({ realm }) => realm).join(', ')}`,
      forestCount,
      1,
    )
    .action(async (options: { forests: number }) => {
      await withProgress(report => labUp(report, labForests.slice(0, options.forests)));
      printStatus();
    });
  lab
    .command('down')
    .description('end every domain of the lab, keep its data')
    .action(() => withProgress(report => labDown(report)));
  lab
    .command('reset')
    .description('end every domain of the lab and remove its data')
    .action(() => withProgress(report => labReset(report)));
  lab
    .command('status')
    .description('say which domains run, and where')
    .option('--json', 'for scripts: hosts, realms, password files, krb5.conf, CA')
    .action((options: { json?: boolean }) => (options.json ? printJson() : printStatus()));
  lab
    .command('seed')
    .description('fill an on-premises domain with people and groups; who is there already stays')
    .requiredOption('--users <number>', 'how many people', positive)
    .option(
      '--groups <number>',
      'how many groups, in the place of the teams and departments of everybody',
      positive,
    )
    .option('--memberships <number>', 'how many members these have together (default: 20 a group)', positive)
    .option('--seed <number>', 'the same seed makes the same people (default: one for each domain)', positive)
    .option('--domain <name>', 'which domain: a name, a realm or a forest', 'onprem')
    .option('--json', 'the result for scripts')
    .action(seed);
  lab
    .command('machine')
    .description(
      'open a shell on a machine that can join the managed domain: with files and processes of its own, and the domain as its resolver',
    )
    .action(openMachine);
  addTrials(lab);
  return lab;
}

function addTrials(lab: Command): void {
  trial(lab, 'kinit', 'try a password with MIT kinit').action(async (user: string, options: TrialOptions) => {
    const domain = findDomain(options.realm);
    const { realm } = domain;
    const password = findPassword(user, domain, options.passwordFile);
    const result = await tryKinit({ user, realm, password, krb5Conf: krb5ConfFile() });
    verdict(result, `${realm} gives ${user} a ticket: ${result.etype}, salt ${result.salt}`, options.json);
  });
  trial(lab, 'smb', 'try a password with smbclient, by NTLM').action(
    async (user: string, options: TrialOptions) => {
      const domain = findDomain(options.realm);
      const password = findPassword(user, domain, options.passwordFile);
      const result = await trySmb({ user, ...domain, password });
      verdict(result, `${domain.realm} gives ${user} an SMB session`, options.json);
    },
  );
  trial(lab, 'ldap', 'try a password with ldapsearch, by a simple bind over TLS and by GSSAPI').action(
    async (user: string, options: TrialOptions) => {
      const domain = findDomain(options.realm);
      const account = { user, domain, password: findPassword(user, domain, options.passwordFile) };
      const [simple, gssapi] = [await tryLdapSimple(account), await tryLdapGssapi(account)];
      const ok = simple.ok && gssapi.ok;
      const bad = simple.ok ? { by: 'GSSAPI', ...gssapi } : { by: 'simple bind', ...simple };
      verdict(
        { ok, simple, gssapi, ...(!ok && { error: `${bad.by}: ${bad.error}` }) },
        `${domain.realm} knows ${user} by LDAP: simple bind ${simple.identity}, GSSAPI ${gssapi.identity}`,
        options.json,
      );
    },
  );
}

/** Of a group, by default. */
const MEMBERS = 20;

async function seed(options: {
  users: number;
  groups?: number;
  memberships?: number;
  seed?: number;
  domain: string;
  json?: boolean;
}): Promise<void> {
  const { users, groups, memberships, seed } = options;
  if (memberships !== undefined && groups === undefined)
    throw new Error('--memberships are of groups: say how many by --groups');
  const more = groups !== undefined && {
    memberships: { groups, memberships: memberships ?? groups * Math.min(MEMBERS, users) },
  };
  const result = await withProgress(report =>
    seedDomain(findForest(options.domain), { users, ...(seed !== undefined && { seed }), ...more, report }),
  );
  if (options.json) return print(JSON.stringify(result));
  print(`${result.created} users and ${result.groups} groups made in ${result.seconds.toFixed(1)} s,`);
  print(`${result.existing} users were there; names and passwords: ${result.file}`);
}

async function openMachine(): Promise<void> {
  const machine = new Machine(DOMAINS.managed);
  await machine.open();
  print(`${machine.name} at ${machine.address}, resolver ${machine.domain.address}; it ends with this shell`);
  try {
    await machine.shell();
  } finally {
    machine.close();
  }
}

interface TrialOptions {
  realm: string;
  passwordFile?: string;
  json?: boolean;
}

/** A command that tries a user's password. */
function trial(lab: Command, name: string, description: string): Command {
  return lab
    .command(`${name} <user>`)
    .description(`${description}; the exit code tells`)
    .option('--realm <domain>', `${labDomains.map(({ name }) => name).join(', ')}, or a realm`, 'onprem')
    .option('--password-file <file>', 'default: the password that "lab seed" gave, or standard input')
    .option('--json', 'the result for scripts');
}

function findPassword(user: string, domain: LabDomain, file: string | undefined): string {
  const known = file === undefined ? seededUser(user, domain)?.password : undefined;
  const text = known ?? readFileSync(file ?? 0, 'utf8');
  return text.replace(/\r?\n$/, '');
}

function verdict<Trial extends { ok: boolean; error?: string }>(
  result: Trial,
  story: string,
  json: boolean | undefined,
): void {
  if (!result.ok) process.exitCode = 1;
  if (json) print(JSON.stringify(result));
  else if (result.ok) print(story);
  else process.stderr.write(`causeway: refused: ${result.error}\n`);
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('expected a whole number above 0.');
  return value;
}

function forestCount(text: string): number {
  const value = positive(text);
  if (value > labForests.length) throw new InvalidArgumentError(`the lab has ${labForests.length} forests.`);
  return value;
}

/** A domain that people are made in. The managed domain gets its people from the forests. */
function findForest(name: string): LabDomain {
  const domain = findDomain(name);
  if (domain.madeBy === 'lab') return domain;
  throw new Error(
    `${domain.realm} gets its people from the forests: seed one of ${labForests.map(forest => forest.name).join(', ')}`,
  );
}

function refuseOthersThanRoot(): void {
  if (process.getuid?.() !== 0)
    throw new Error('the lab needs root: its domain controllers listen on ports below 1024');
}

function printJson(): void {
  const domains = labDomains.map(describeDomain);
  print(JSON.stringify({ directory: labDirectory(), krb5Conf: krb5ConfFile(), domains }, null, 2));
}

function printStatus(): void {
  for (const domain of labDomains.map(describeDomain)) {
    const state = domain.running ? `running since ${domain.since}, process ${domain.pid}` : 'not running';
    print(`${domain.name.padEnd(8)} ${domain.realm.padEnd(20)} ${domain.address.padEnd(11)} ${state}`);
  }
}
