import { join } from 'node:path';
import type { IdentityFiles } from '@causeway/api';

/** The files of Domain Services. All are in the state folder, which only its user can enter. */
export interface Places {
  stateDirectory: string;
  /** The managed domain's folder, in the shape of the `samba` package. */
  domain: { directory: string };
  /** What `create` is making, and how far it has come. */
  creation: string;
  /** Private keys. Anyone who gets them can read the managed domain's passwords. */
  sealingKey: string;
  receiptKey: string;
  /** The agent's identity at the tenant, and its key. */
  agent: IdentityFiles;
  administratorPassword: string;
  ledger: string;
  /** The keys of other places that administrators confirmed. As valuable as the keys above. */
  confirmed: string;
}

export function placesOf(configuration: { stateDirectory: string; directory?: string | undefined }): Places {
  const { stateDirectory } = configuration;
  const at = (name: string): string => join(stateDirectory, name);
  return {
    stateDirectory,
    domain: { directory: configuration.directory ?? at('samba') },
    creation: at('creation.json'),
    sealingKey: at('sealing-key'),
    receiptKey: at('receipt-key.pem'),
    agent: { identity: at('enrolment.json'), key: at('agent-key.pem') },
    administratorPassword: at('administrator.password'),
    ledger: at('ledger.db'),
    confirmed: at('confirmed.json'),
  };
}
