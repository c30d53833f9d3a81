/** The parts of `npm audit --json` that are read. */
interface Report {
  readonly vulnerabilities?: Readonly<Record<string, Vulnerability>>;
  /** Present if the registry gave no answer. */
  readonly message?: string;
}

interface Vulnerability {
  readonly severity: string;
  /** Advisories, or names of vulnerable packages that it depends on. */
  readonly via: readonly (string | { readonly title: string; readonly url: string })[];
}

/** Turns an audit into messages. If the registry does not answer, nothing is known, so it warns. @param output JSON of `npm audit` */
export function judgeAudit(output: string): { lines: string[]; vulnerable: boolean } {
  let report: Report;
  try {
    report = JSON.parse(output) as Report;
  } catch {
    report = { message: 'npm printed no JSON' };
  }
  const { vulnerabilities, message = 'npm printed no list of vulnerabilities' } = report;
  if (vulnerabilities === undefined) {
    const text = `WARNING: the registry did not say which packages are vulnerable (${message}). Nothing was checked: run this again where it answers.`;
    return { lines: [text], vulnerable: false };
  }
  const found = Object.entries(vulnerabilities);
  if (found.length === 0) return { lines: ['no known vulnerabilities'], vulnerable: false };
  return { lines: found.map(([name, each]) => describe(name, each)), vulnerable: true };
}

const describe = (name: string, { severity, via }: Vulnerability): string =>
  `${severity}: ${name}: ${via.map(each => (typeof each === 'string' ? `by ${each}` : `${each.title} (${each.url})`)).join('; ')}`;
