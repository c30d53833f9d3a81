import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { renderCertificateConf } from './configuration.ts';
import { type DomainDescription, dnsDomain } from './description.ts';
import type { DomainLayout } from './layout.ts';
import { runTool } from './run-tool.ts';

const AUTHORITY_DAYS = 3650;
const SERVER_DAYS = 397;
/** When the domain controller starts, a server certificate that expires within this time is renewed. */
const RENEW_BEFORE_DAYS = 60;
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/**
 * Creates the domain's own certificate authority once. Creates a server certificate for the domain controller's name, the domain's name and
 * the address, if there is none or it expires soon. Leaves a certificate from another source alone, which has no key of our authority
 * beside it.
 */
export async function ensureCertificates(domain: DomainDescription, layout: DomainLayout): Promise<void> {
  if (await validForLong(layout.certFile)) return;
  const directory = dirname(layout.caFile);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const configuration = join(directory, 'openssl.cnf');
  const request = join(directory, 'request.pem');
  await writeFile(configuration, renderCertificateConf(domain));
  const openssl = (...args: string[]) => runTool('openssl', args, { env: { OPENSSL_CONF: configuration } });
  try {
    if (!existsSync(layout.caFile)) {
      const subject = `/CN=Certificate authority of ${dnsDomain(domain)}`;
      const names = ['-subj', subject, '-extensions', 'authority', '-days', String(AUTHORITY_DAYS)];
      await openssl('req', '-x509', ...KEY, ...names, '-keyout', layout.caKeyFile, '-out', layout.caFile);
      await chmod(layout.caKeyFile, 0o600);
    } else if (!existsSync(layout.caKeyFile)) return;
    await openssl('req', '-new', ...KEY, '-keyout', layout.keyFile, '-out', request);
    await chmod(layout.keyFile, 0o600);
    const signer = ['-CA', layout.caFile, '-CAkey', layout.caKeyFile, '-CAcreateserial'];
    const shape = ['-extfile', configuration, '-extensions', 'server', '-days', String(SERVER_DAYS)];
    await openssl('x509', '-req', '-in', request, ...signer, ...shape, '-out', layout.certFile);
  } finally {
    await rm(configuration, { force: true });
    await rm(request, { force: true });
  }
}

async function validForLong(file: string): Promise<boolean> {
  if (!existsSync(file)) return false;
  const end = Date.parse(new X509Certificate(await readFile(file)).validTo);
  return end - Date.now() > RENEW_BEFORE_DAYS * 86_400_000;
}
