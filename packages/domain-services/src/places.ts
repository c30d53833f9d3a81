import { join } from 'node:path';
import type { IdentityFiles } from '@causeway/api';

/** The files of Domain Services; all of them in the state folder, which its user alone can enter. */
export interface Places {
  stateDirectory: string;
  /** The managed domain's folder, in the shape of the `samba` package. */
  domain: { directory: string };
  /** What `create` set out to make and how far it came. */
  creation: string;
  /** Private halves: who sends these to somebody gives the managed domain's passwords away. */
  sealingKey: string;
  receiptKey: string;
  /** Who the agent is at the tenant, and its key. */
  agent: IdentityFiles;
  administratorPassword: string;
  ledger: string;
  /** Which keys of others administrators confirmed: kept like the keys. */
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
