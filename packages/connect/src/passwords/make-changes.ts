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

/** An item with what is sent of it. */
export interface Made extends PasswordItem {
  change: CredentialChange;
  /** Of the record; undefined without one. */
  sequence: number | undefined;
}

/** What is sent together. */
export interface Batch {
  made: Made[];
  /** Items that no record can hold: that is their own trouble. */
  unfit: { holder: PasswordHolder; reason: string }[];
  /** Of all records; null without any. */
  encapsulation: string | null;
}

/** Derives and seals the changes of one batch. Its hashes stay the caller's to wipe. */
export async function makeChanges(
  { store, agent, connector }: ConnectorContext,
  items: readonly PasswordItem[],
  { pairing, numbers }: TenantTerms,
): Promise<Batch> {
  const opening = pairing.state === 'confirmed' ? openSealer(pairing.key) : undefined;
  const salts = randomBytes(items.length * CLOUD_SALT_LENGTH); // at once: each call costs as much as a look into the database
  const credentials = await inTurn(items, ({ password }, i) =>
    deriveCloudCredential(
      password.ntHash,
      salts.subarray(i * CLOUD_SALT_LENGTH, (i + 1) * CLOUD_SALT_LENGTH),
    ),
  );
  const sealer = await opening;
  // A tenant of the first release knows of no sequence beside a password.
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
