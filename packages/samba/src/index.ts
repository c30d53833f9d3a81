export { renderKrb5Conf } from './configuration.ts';
export {
  baseDn,
  type DomainPlace,
  type DomainSettings,
  dnsDomain,
  holdsDomain,
  hostFqdn,
  readDomain,
} from './description.ts';
export { changeDns, type DnsSettings } from './dns.ts';
export {
  type DomainStatus,
  domainStatus,
  startDomain,
  stopDomain,
} from './domain-process.ts';
export { type DomainLayout, domainLayout } from './layout.ts';
export { keepPolicyFolder } from './policy-folder.ts';
export { joinDomain, provisionDomain } from './provision.ts';
export { type SambaRelease, sambaRelease } from './release.ts';
export { runTool } from './run-tool.ts';
export { ldapServiceNames } from './service-names.ts';
export { superviseDomain } from './supervise.ts';
