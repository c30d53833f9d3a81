import { join } from 'node:path';

/** Where everything of one domain controller lies: all of it in one directory, which belongs to root. */
export interface DomainLayout {
  directory: string;
  /** The settings of the provisioning, without the password. If it exists, the domain is complete. */
  descriptionFile: string;
  smbConf: string;
  krb5Conf: string;
  privateDir: string;
  samLdb: string;
  /** Privileged LDAP socket: whoever can open it acts as the system. Do not bind on it. */
  ldapi: string;
  stateDir: string;
  /** Policies and scripts. */
  sysvol: string;
  cacheDir: string;
  lockDir: string;
  /** Mounted on `/run/samba` in the domain controller's own mount namespace. */
  runDir: string;
  pidFile: string;
  logDir: string;
  /** Log of the server's processes. */
  logFile: string;
  /** Output of the processes before their log is open. */
  consoleFile: string;
  caFile: string;
  caKeyFile: string;
  certFile: string;
  keyFile: string;
}

export function domainLayout(directory: string): DomainLayout {
  const at = (...parts: string[]) => join(directory, ...parts);
  return {
    directory,
    descriptionFile: at('domain.json'),
    smbConf: at('etc', 'smb.conf'),
    krb5Conf: at('etc', 'krb5.conf'),
    privateDir: at('private'),
    samLdb: at('private', 'sam.ldb'),
    ldapi: at('private', 'ldap_priv', 'ldapi'),
    stateDir: at('state'),
    sysvol: at('state', 'sysvol'),
    cacheDir: at('cache'),
    lockDir: at('lock'),
    runDir: at('run'),
    pidFile: at('domain.pid.json'),
    logDir: at('log'),
    logFile: at('log', 'samba.log'),
    consoleFile: at('log', 'console.log'),
    caFile: at('tls', 'ca.pem'),
    caKeyFile: at('tls', 'ca-key.pem'),
    certFile: at('tls', 'cert.pem'),
    keyFile: at('tls', 'key.pem'),
  };
}
