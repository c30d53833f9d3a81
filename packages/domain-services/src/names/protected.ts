import { hasUnseen, isAccountName, nameKey } from '@causeway/wire';
import type { Realm } from '../managed-domain.ts';
import type { Obstacle } from '../refusals.ts';
import { skeletons } from './confusables/skeleton.ts';

/**
 * Accounts and groups that every domain has, even if this one has renamed them, and well-known names of Windows ([MS-DTYP] 2.4.2.4,
 * [MS-ADTS] 6.1.1.4.12 and 6.1.1.6). No user or group of ours gets such a name, or one that looks like it.
 */
const PROTECTED_NAMES = [
  ...['administrator', 'guest', 'krbtgt', 'defaultaccount', 'wdagutilityaccount'],
  ...[
    'everyone',
    'system',
    'self',
    'nt authority',
    'nt service',
    'builtin',
    'authenticated users',
    'anonymous logon',
  ],
  ...[
    'anonymous',
    'interactive',
    'network',
    'network service',
    'local service',
    'service',
    'batch',
    'dialup',
    'proxy',
  ],
  ...[
    'creator owner',
    'creator group',
    'owner rights',
    'restricted',
    'this organization',
    'enterprise domain controllers',
  ],
  ...[
    'administrators',
    'users',
    'guests',
    'account operators',
    'server operators',
    'print operators',
    'backup operators',
  ],
  ...[
    'replicator',
    'domain admins',
    'domain users',
    'domain guests',
    'domain computers',
    'domain controllers',
  ],
  ...[
    'enterprise admins',
    'schema admins',
    'group policy creator owners',
    'cert publishers',
    'protected users',
  ],
  ...[
    'read-only domain controllers',
    'enterprise read-only domain controllers',
    'cloneable domain controllers',
    'allowed rodc password replication group',
    'denied rodc password replication group',
    'ras and ias servers',
    'key admins',
    'enterprise key admins',
    'external trust accounts',
    'forest trust accounts',
  ],
  ...[
    'power users',
    'pre-windows 2000 compatible access',
    'remote desktop users',
    'network configuration operators',
    'incoming forest trust builders',
    'performance monitor users',
    'performance log users',
    'windows authorization access group',
    'terminal server license servers',
    'distributed com users',
  ],
  ...[
    'iis_iusrs',
    'cryptographic operators',
    'event log readers',
    'certificate service dcom access',
    'rds remote access servers',
    'rds endpoint servers',
    'rds management servers',
    'hyper-v administrators',
    'access control assistance operators',
    'remote management users',
    'storage replica administrators',
    'system managed accounts group',
    'device owners',
    'user mode hardware operators',
    'openssh users',
  ],
  ...['dnsadmins', 'dnsupdateproxy', 'aad dc administrators', 'aadds service accounts'],
];
const PROTECTED_SKELETONS = new Set(PROTECTED_NAMES.flatMap(skeletons));
/** Where names are looked up, a SID as text means that SID. */
const SID_TEXT = /^s-1-\d+(-\d+)*$/i;

/**
 * Names that machines treat as special: a Linux machine that maps `root@REALM` to a local account makes it root. Nobody is a principal of
 * the realm under such a name. As account names they get five digits. docs/security.md lists them.
 */
const MACHINE_NAMES = new Set([
  ...[
    'root',
    'toor',
    'admin',
    'daemon',
    'bin',
    'sys',
    'sync',
    'operator',
    'nobody',
    'wheel',
    'sudo',
    'adm',
    'shutdown',
    'halt',
  ],
  ...[
    'mail',
    'ftp',
    'www-data',
    'apache',
    'nginx',
    'sshd',
    'postgres',
    'mysql',
    'ldap',
    'named',
    'backup',
    'postmaster',
    'host',
  ],
]);
const MAX_SAM_ACCOUNT_NAME = 256;
const MAX_PRINCIPAL_NAME = 1024;
const PRINCIPAL = /^[^@\s\p{Cc}]+@[^@\s\p{Cc}]+$/u;

/** Whether a name belongs to accounts that synchronization never touches: built-in ones, computers, trusts. */
export function isProtectedName(name: string): boolean {
  const lower = name.toLowerCase();
  if (skeletons(name).some(one => PROTECTED_SKELETONS.has(one)) || SID_TEXT.test(name)) return true;
  return lower.startsWith('krbtgt_') || lower.endsWith('$');
}

/** Whether machines treat a name as special. */
export const isMachineName = (name: string): boolean => MACHINE_NAMES.has(name.toLowerCase());

/** Why a name must not become the name of an account here, whoever signed it; undefined if it may. */
export function checkAccountName(name: string, domain?: Realm): Obstacle | undefined {
  if (name.length > MAX_SAM_ACCOUNT_NAME || !isAccountName(name))
    return { code: 'invalid-name', detail: 'sAMAccountName' };
  return isProtectedName(name) || (domain && isHost(name, domain))
    ? { code: 'protected-name', detail: name }
    : undefined;
}

/** The same for a userPrincipalName. In the managed realm itself it means, to the KDC, the account called like its first part. */
export function checkPrincipalName(principal: string, domain: Realm): Obstacle | undefined {
  // With a slash it would be the name of a service, or of another instance.
  const fits =
    principal.length <= MAX_PRINCIPAL_NAME && PRINCIPAL.test(principal) && !principal.includes('/');
  if (!fits || hasUnseen(principal)) return { code: 'invalid-name', detail: 'userPrincipalName' };
  const implied = impliedName(principal, domain);
  if (implied === undefined) return undefined;
  const special = isProtectedName(implied) || isMachineName(implied) || isHost(implied, domain);
  return special ? { code: 'protected-name', detail: principal } : undefined;
}

/** The KDC also finds a computer without its `$`. */
const isHost = (name: string, { hostName }: Realm): boolean =>
  hostName !== undefined && nameKey(name) === nameKey(hostName);

function impliedName(principal: string, { realm }: Realm): string | undefined {
  const at = principal.lastIndexOf('@');
  return nameKey(principal.slice(at + 1)) === nameKey(realm) ? principal.slice(0, at) : undefined;
}
