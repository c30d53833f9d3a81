export { ensureCertificates } from './certificates.ts';
export { renderKrb5Conf } from './configuration.ts';
export {
  baseDn,
  type DomainDescription,
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
  type RunningDomain,
  startDomain,
  stopDomain,
} from './domain-process.ts';
export { type DomainLayout, domainLayout } from './layout.ts';
export { keepPolicyFolder } from './policy-folder.ts';
export { domainPorts, portHolder } from './ports.ts';
export { joinDomain, provisionDomain } from './provision.ts';
export { judgeRelease, type SambaRelease, sambaRelease } from './release.ts';
export { runTool, type ToolOptions } from './run-tool.ts';
export { ldapServiceNames } from './service-names.ts';
export { type Supervision, type SupervisionEvent, superviseDomain } from './supervise.ts';
