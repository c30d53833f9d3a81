import { randomBytes } from 'node:crypto';
import type { CredentialChange } from '@causeway/contract';
import { CLOUD_SALT_LENGTH, deriveCloudCredential } from '@causeway/credentials';
import { filetimeToIso } from '@causeway/wire';
import type { ConnectorContext } from '../context.ts';
import type { PasswordHolder } from '../store/password-holders.ts';
import { reserveSequences } from '../store/sequence.ts';
import { inTurn } from './in-turn.ts';
import { openSealer } from './open-sealer.ts';
import type { SendPassword } from './password-decision.ts';
import type { TenantTerms } from './tenant-terms.ts';

export interface PasswordItem {
  holder: PasswordHolder;
  password: SendPassword;
}

/** An item and what is sent of it. */
export interface Made extends PasswordItem {
  change: CredentialChange;
  /** The record's sequence; undefined without a record. */
  sequence: number | undefined;
}

/** What is sent together. */
export interface Batch {
  made: Made[];
  /** Items that no record can hold: the others are sent without them. */
  unfit: { holder: PasswordHolder; reason: string }[];
  /** The encapsulation of all records; null without any. */
  encapsulation: string | null;
}

/** Derives and seals the changes of one batch. The caller still has to wipe its hashes. */
export async function makeChanges(
  { store, agent, connector }: ConnectorContext,
  items: readonly PasswordItem[],
  { pairing, numbers }: TenantTerms,
): Promise<Batch> {
  const opening = pairing.state === 'confirmed' ? openSealer(pairing.key) : undefined;
  const salts = randomBytes(items.length * CLOUD_SALT_LENGTH); // in one call: each costs as much as a database look-up
  const credentials = await inTurn(items, ({ password }, i) =>
    deriveCloudCredential(
      password.ntHash,
      salts.subarray(i * CLOUD_SALT_LENGTH, (i + 1) * CLOUD_SALT_LENGTH),
    ),
  );
  const sealer = await opening;
  // A tenant of the first release does not know a sequence beside a password.
  const numbered = sealer !== undefined || numbers;
  const first = numbered ? reserveSequences(store.db, items.length, store.runs.along) : 0;
  try {
    const made: Made[] = [];
    const unfit: Batch['unfit'] = [];
    for (const [i, { holder, password }] of items.entries()) {
      const header = {
        tenant: agent.tenantId,
        forest: connector.forest,
        sourceAnchor: holder.anchor,
        objectGuid: holder.guid,
        sequence: first + i,
        passwordOrder: password.order,
        mustChange: false,
      };
      const { ntHash, kerberosKeys } = password;
      const secret = { ntHash, ...(kerberosKeys && { kerberosKeys }) };
      let record: string | null;
      try {
        record = (await sealer?.seal(agent.signingKey, header, secret)) ?? null;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        unfit.push({ holder, reason: error.message });
        continue;
      }
      const change = {
        sourceAnchor: holder.anchor,
        passwordOrder: password.order,
        changeDate: filetimeToIso(password.changed),
        cloudCredential: credentials[i]!,
        record,
        ...(record === null && numbers && { sequence: header.sequence }),
      };
      made.push({ holder, password, change, sequence: record === null ? undefined : header.sequence });
    }
    return { made, unfit, encapsulation: sealer?.encapsulation ?? null };
  } finally {
    sealer?.close();
  }
}
