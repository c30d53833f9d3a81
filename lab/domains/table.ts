import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  baseDn,
  type DomainSettings,
  type DomainStatus,
  dnsDomain,
  domainLayout,
  domainStatus,
  hostFqdn,
  renderKrb5Conf,
} from '@causeway/samba';
import { labPath } from './state.ts';

/** One domain of the lab. */
export interface LabDomain {
  /** How commands name it: `onprem`, `fabrikam`, `managed`. */
  name: string;
  /** The lab makes its forests. `causeway domain create` makes the managed domain. */
  madeBy: 'lab' | 'domain-services';
  realm: string;
  netbiosDomain: string;
  hostName: string;
  address: string;
  /** For a further domain controller of a domain: name of the first one. */
  joins?: string;
  /** The seed of its people by default; 1 when absent. Another seed makes other people, and other passwords for the same names. */
  seed?: number;
  /** Whether its schema has the attributes that Exchange adds. */
  exchange?: boolean;
}

export const DOMAINS = {
  onprem: {
    name: 'onprem',
    madeBy: 'lab',
    realm: 'CORP.EXAMPLE.COM',
    netbiosDomain: 'CORP',
    hostName: 'dc1',
    address: '127.0.0.10',
    exchange: true,
  },
  /** A second forest with people of its own. Many have the same names as in the first. It never had Exchange. */
  fabrikam: {
    name: 'fabrikam',
    madeBy: 'lab',
    realm: 'FABRIKAM.EXAMPLE.ORG',
    netbiosDomain: 'FABRIKAM',
    hostName: 'fab1',
    address: '127.0.0.11',
    seed: 2,
  },
  managed: {
    name: 'managed',
    madeBy: 'domain-services',
    realm: 'AADDS.EXAMPLE.NET',
    netbiosDomain: 'AADDS',
    hostName: 'ds1',
    address: '127.0.0.20',
  },
} as const satisfies Record<string, LabDomain>;

export const labDomains: LabDomain[] = Object.values(DOMAINS);
export const labForests = labDomains.filter(domain => domain.madeBy === 'lab');
/** What starts by default. */
export const firstForest: LabDomain[] = labForests.slice(0, 1);

export function findDomain(name: string): LabDomain {
  const found = labDomains.find(domain => domain.name === name || domain.realm === name.toUpperCase());
  if (found) return found;
  throw new Error(
    `no domain is called ${name}; there are ${labDomains.map(domain => domain.name).join(', ')}`,
  );
}

export const domainDirectory = (domain: LabDomain): string => labPath(domain.name);
export const layoutOf = (domain: LabDomain) => domainLayout(domainDirectory(domain));

/** Knows every realm of the lab, also those that do not run yet. */
export const krb5ConfFile = (): string => labPath('krb5.conf');

export function writeKrb5Conf(): void {
  writeFileSync(krb5ConfFile(), renderKrb5Conf(labDomains), { mode: 0o644 });
}

/** The domain controllers of one domain share one Administrator. */
export const administratorPasswordFile = ({ name, joins }: LabDomain): string =>
  labPath(`${joins ?? name}.password`);

export function administratorPassword(domain: LabDomain): string {
  return readFileSync(administratorPasswordFile(domain), 'utf8').trim();
}

/** Made up once and kept for the life of the lab. Without a line end, as `ldapsearch -y` wants it. */
export function ensureAdministratorPassword(domain: LabDomain): string {
  const file = administratorPasswordFile(domain);
  if (!existsSync(file)) writeFileSync(file, randomPassword(), { mode: 0o600 });
  return administratorPassword(domain);
}

/** 96 bits, and always three character classes, as password policies want them. */
export const randomPassword = (): string => `Aa1.${randomBytes(12).toString('base64url')}`;

export function domainSettings(domain: LabDomain): DomainSettings {
  return {
    directory: domainDirectory(domain),
    realm: domain.realm,
    netbiosDomain: domain.netbiosDomain,
    hostName: domain.hostName,
    address: domain.address,
    adminPassword: ensureAdministratorPassword(domain),
    dns: 'none',
    // By default NTLM accepts the previous password for an hour. Tests want to see it rejected at once.
    extraSettings: { 'old password allowed period': '0' },
  };
}

/** What `lab status --json` shows of a domain: enough for any script to try its own users. */
export interface LabDomainStatus {
  name: string;
  realm: string;
  netbiosDomain: string;
  dnsDomain: string;
  baseDn: string;
  host: string;
  address: string;
  running: boolean;
  pid: number | null;
  since: string | null;
  administrator: string;
  administratorPasswordFile: string;
  krb5Conf: string;
  caFile: string;
  ldapi: string;
  directory: string;
}

export function describeDomain(domain: LabDomain): LabDomainStatus {
  const layout = layoutOf(domain);
  const status: DomainStatus = domainStatus(layout);
  return {
    name: domain.name,
    realm: domain.realm,
    netbiosDomain: domain.netbiosDomain,
    dnsDomain: dnsDomain(domain),
    baseDn: baseDn(domain),
    host: hostFqdn(domain),
    address: domain.address,
    running: status.running,
    pid: status.pid ?? null,
    since: status.since?.toISOString() ?? null,
    administrator: 'Administrator',
    administratorPasswordFile: administratorPasswordFile(domain),
    krb5Conf: krb5ConfFile(),
    caFile: layout.caFile,
    ldapi: layout.ldapi,
    directory: layout.directory,
  };
}
