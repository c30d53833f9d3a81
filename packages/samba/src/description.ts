import { existsSync, readFileSync } from 'node:fs';
import { domainLayout } from './layout.ts';

/** Everything about a domain except its secrets; kept in `domain.json`. */
export interface DomainDescription {
  /** Kerberos realm, upper case, for example `CORP.EXAMPLE.COM`. */
  realm: string;
  /** NetBIOS name of the domain, at most 15 characters. */
  netbiosDomain: string;
  /** Short name of the domain controller, at most 15 characters. */
  hostName: string;
  /** IPv4 address that the domain controller listens on, and the only one. */
  address: string;
  /** `internal`: Samba answers DNS itself on port 53. */
  dns: 'none' | 'internal';
  /** IPv4 address of the resolver for every other name. Without one, Samba answers only for its own names. */
  dnsForwarder?: string;
  /** Further settings for `smb.conf`'s section `[global]`. They take precedence over ours. */
  extraSettings?: Record<string, string>;
}

export interface DomainSettings extends DomainDescription {
  directory: string;
  adminPassword: string;
}

/** What a command needs to find a domain. Settings and layouts both have it. */
export type DomainPlace = { directory: string };

export const dnsDomain = (domain: { realm: string }): string => domain.realm.toLowerCase();
export const baseDn = (domain: { realm: string }): string =>
  `DC=${dnsDomain(domain).split('.').join(',DC=')}`;
export const hostFqdn = (domain: { realm: string; hostName: string }): string =>
  `${domain.hostName.toLowerCase()}.${dnsDomain(domain)}`;

export function holdsDomain(place: DomainPlace): boolean {
  return existsSync(domainLayout(place.directory).descriptionFile);
}

export function readDomain(place: DomainPlace): DomainDescription {
  const file = domainLayout(place.directory).descriptionFile;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as DomainDescription;
  } catch (cause) {
    throw new Error(
      `no domain in ${place.directory}: ${file} cannot be read; provision a domain there first`,
      {
        cause,
      },
    );
  }
}

const NETBIOS_NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,14}$/;
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const REALM = /^[A-Z0-9][A-Z0-9-]*(\.[A-Z0-9][A-Z0-9-]*)+$/;
const SETTING_NAME = /^[A-Za-z0-9 :_-]+$/;

/** Rejects values that would break or inject configuration. */
export function checkDescription(domain: DomainDescription): void {
  const wrong = (what: string, value: string, expected: string) => {
    throw new Error(`${what} must be ${expected}, got ${JSON.stringify(value)}`);
  };
  if (!REALM.test(domain.realm))
    wrong('realm', domain.realm, 'an upper-case domain name such as CORP.EXAMPLE.COM');
  if (!NETBIOS_NAME.test(domain.netbiosDomain))
    wrong('NetBIOS name of the domain', domain.netbiosDomain, '1 to 15 letters, digits or hyphens');
  if (!NETBIOS_NAME.test(domain.hostName))
    wrong('host name', domain.hostName, '1 to 15 letters, digits or hyphens, without the domain');
  if (!IPV4.test(domain.address)) wrong('address', domain.address, 'an IPv4 address');
  if (domain.dnsForwarder !== undefined && !IPV4.test(domain.dnsForwarder))
    wrong('DNS forwarder', domain.dnsForwarder, 'an IPv4 address');
  for (const [name, value] of Object.entries(domain.extraSettings ?? {})) {
    if (!SETTING_NAME.test(name)) wrong('name of a setting', name, 'letters, digits, spaces and colons');
    if (/[\r\n]/.test(value)) wrong(`setting "${name}"`, value, 'one line');
  }
}
