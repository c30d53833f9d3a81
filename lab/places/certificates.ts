import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from '@causeway/samba';

export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** What a tenant off loopback has: a CA and a server certificate of it. Also two that nobody may accept. */
export interface Certificates {
  readonly caFile: string;
  readonly server: Certificate;
  /** Of the same CA, expired since 2020. */
  readonly expired: Certificate;
  /** A CA that issued neither. */
  readonly otherCaFile: string;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes them with openssl in the caller's folder. @param names of the server, in the form of openssl's subjectAltName */
export async function makeCertificates(
  directory: string,
  names = 'IP:127.0.0.1,DNS:localhost',
): Promise<Certificates> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): Promise<string> => runTool('openssl', args);
  const authority = async (name: string): Promise<string> => {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'keyUsage=critical,keyCertSign', '-days', '30'];
    await openssl(
      'req',
      '-x509',
      ...KEY,
      ...subject,
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.pem`),
    );
    return file(`${name}.pem`);
  };
  const caFile = await authority('ca');
  const otherCaFile = await authority('other-ca');
  writeFileSync(file('index.txt'), '');
  writeFileSync(
    file('ca.cnf'),
    `[ca]\ndefault_ca=lab\n[lab]\ndatabase=${file('index.txt')}\nnew_certs_dir=${directory}\nrand_serial=yes\ndefault_md=sha256\npolicy=any\nunique_subject=no\nx509_extensions=server\n[any]\ncommonName=supplied\n[server]\nsubjectAltName=${names}\n`,
  );
  const issue = async (name: string, from: string, to: string): Promise<Certificate> => {
    const made = { certificateFile: file(`${name}.pem`), keyFile: file(`${name}.key`) };
    const request = file(`${name}.csr`);
    await openssl('req', '-new', ...KEY, '-subj', `/CN=${name}`, '-keyout', made.keyFile, '-out', request);
    const signer = ['-config', file('ca.cnf'), '-cert', caFile, '-keyfile', file('ca.key')];
    const time = ['-startdate', from, '-enddate', to, '-notext', '-batch'];
    await openssl('ca', ...signer, ...time, '-in', request, '-out', made.certificateFile);
    return made;
  };
  return {
    caFile,
    otherCaFile,
    server: await issue('tenant', '20200101000000Z', '20491231235959Z'),
    expired: await issue('expired', '20190101000000Z', '20200101000000Z'),
  };
}
