import { runTool } from './run-tool.ts';

/** A hole that every user who can sign in to the domain can exploit, closed by Samba's security releases of 28 July 2026. */
interface Fix {
  id: string;
  what: string;
  /** The first release of each series that has it. Every later series has it. */
  since: readonly Version[];
}

type Version = readonly [major: number, minor: number, patch: number];

const JULY_2026: readonly Version[] = [
  [4, 22, 11],
  [4, 23, 10],
  [4, 24, 5],
];

/** Source: the announcement of the releases, 28 July 2026. */
export const FIXES: readonly Fix[] = [
  {
    ...{
      id: 'CVE-2026-58221',
      what: 'any user becomes an administrator by writing internal records over LDAP',
    },
    since: JULY_2026,
  },
  { id: 'CVE-2026-58222', what: 'any user reads confidential attributes by LDAP compare', since: JULY_2026 },
  {
    ...{ id: 'CVE-2026-58216', what: 'any user may crash the KDC by a malformed change of a password' },
    since: JULY_2026,
  },
];

/** Packages that have all fixes, tested with Causeway. */
const PACKAGES = 'Debian 13 (Samba 4.22.11), or Samba 4.22.11, 4.23.10, 4.24.5 or later';

/** What status shows about the Samba that a domain runs. */
export interface SambaRelease {
  /** As Samba reports it, such as `4.17.12-Debian`; null if it does not. */
  version: string | null;
  /** The missing fixes according to the version. A distribution may have added a fix to an older one. */
  lacks: { id: string; what: string }[];
  /** One sentence for people; null if no fix is known to be missing. */
  warning: string | null;
}

/** @param version such as `4.17.12-Debian`; null: unknown */
export function judgeRelease(version: string | null): SambaRelease {
  const numbers = /^(\d+)\.(\d+)\.(\d+)/.exec(version ?? '');
  if (version === null || numbers === null) {
    const warning = 'the version of Samba cannot be found out, so what it lacks is not known';
    return { version: version, lacks: [], warning };
  }
  const [major, minor, patch] = numbers.slice(1).map(Number) as [number, number, number];
  const lacks = FIXES.filter(({ since }) => !has([major, minor, patch], since)).map(({ id, what }) => ({
    id,
    what,
  }));
  if (lacks.length === 0) return { version, lacks, warning: null };
  const list = lacks.map(({ id, what }) => `${id} (${what})`).join(', ');
  const warning = `Samba ${version} lacks fixes, unless the changelog of its package names them: ${list}. Packages that have them: ${PACKAGES}`;
  return { version, lacks, warning };
}

function has([major, minor, patch]: Version, since: readonly Version[]): boolean {
  const series = since.find(one => one[0] === major && one[1] === minor);
  if (series) return patch >= series[2];
  const newest = since.at(-1)!;
  return major > newest[0] || (major === newest[0] && minor > newest[1]);
}

/** The Samba that is installed on this machine. */
export async function sambaRelease(): Promise<SambaRelease> {
  const said = await runTool('samba', ['--version'], { timeout: 10_000 }).catch(() => '');
  return judgeRelease(/^Version (\S+)/m.exec(said)?.[1] ?? null);
}
