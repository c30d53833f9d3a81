import { randomBytes } from 'node:crypto';
import type { CredentialChange, ObjectChange, PasswordOrder, Profile, Withdrawal } from '@causeway/contract';
import { deriveCloudCredential, ntHash } from '@causeway/credentials';
import {
  CredentialSealer,
  generateSealingKey,
  type HeadFields,
  joinEncapsulation,
  profileDigest,
  signAccountRecord,
  signHead,
  signWithdrawal,
  summarizeBucket,
  summarizeForest,
} from '@causeway/records';
import { FOREST } from './forest.ts';
import type { TestAgent } from './test-agent.ts';

/** A person of the on-premises directory. */
export interface Person {
  readonly anchor: string;
  readonly guid: string;
  readonly upn: string;
  readonly enabled: boolean;
  readonly expires: string | null;
}

export function person(number: number, change: Partial<Person> = {}): Person {
  const hex = number.toString(16).padStart(12, '0');
  return {
    anchor: Buffer.from(hex.padStart(32, '0'), 'hex').toString('base64'),
    guid: `00000000-0000-4000-8000-${hex}`,
    upn: `user${number}@corp.example.com`,
    enabled: true,
    expires: null,
    ...change,
  };
}

const PROFILE: Profile = {
  displayName: 'Zoë Ünal',
  givenName: 'Zoë',
  surname: 'Ünal',
  mail: 'zoe@example.com',
  department: null,
  jobTitle: null,
  telephoneNumber: null,
  mobile: null,
};

/** Without a userPrincipalName that a record can contain, too. */
type Unnamed = Omit<Person, 'upn'> & { readonly upn: string | null };

const samOf = ({ upn, anchor }: Unnamed): string => (upn ?? anchor).split('@')[0]!.slice(0, 256);

let clock = 1_000_000;
/** A sequence as a Connect gives them: each larger than the last. */
export const nextSequence = (): number => ++clock;

export function accountItem(
  agent: TestAgent,
  who: Unnamed,
  {
    sequence = nextSequence(),
    deleted = false,
    forest = FOREST,
    profile = undefined as Profile | undefined,
  } = {},
): ObjectChange {
  const record = signAccountRecord(agent.signingKey, {
    tenant: agent.tenantId,
    forest,
    sourceAnchor: who.anchor,
    objectGuid: who.guid,
    sequence,
    userPrincipalName: who.upn,
    sAMAccountName: samOf(who),
    objectSid: 'S-1-5-21-1-2-3-1104',
    enabled: who.enabled,
    accountExpires: who.expires,
    deleted,
    ...(profile && { profileDigest: profileDigest(profile) }),
  });
  if (deleted) return { operation: 'delete', sourceAnchor: who.anchor, sequence, record };
  return {
    operation: 'upsert',
    sourceAnchor: who.anchor,
    objectGuid: who.guid,
    userPrincipalName: who.upn,
    onPremisesSamAccountName: samOf(who),
    onPremisesSecurityIdentifier: 'S-1-5-21-1-2-3-1104',
    accountEnabled: who.enabled,
    accountExpires: who.expires,
    profile: profile ?? PROFILE,
    sequence,
    record,
  };
}

/** A head as a Connect makes it, of a forest without users. */
export function headOf(agent: TestAgent, changes: Partial<HeadFields> = {}): string {
  return signHead(agent.signingKey, {
    ...{ tenant: agent.tenantId, forest: FOREST, sequence: nextSequence(), time: new Date().toISOString() },
    ...summarizeForest(() => summarizeBucket([])),
    ...changes,
  });
}

export function order(version: number): PasswordOrder {
  return {
    version,
    originatingTime: 13_000_000_000 + version,
    originatingInvocationId: '11111111-2222-4333-8444-555555555555',
  };
}

export async function credentialItem(
  who: Person,
  password: string,
  passwordOrder: PasswordOrder,
  record: string | null = null,
): Promise<CredentialChange> {
  const cloudCredential = await deriveCloudCredential(ntHash(password), randomBytes(10));
  return {
    sourceAnchor: who.anchor,
    passwordOrder,
    changeDate: '2026-11-23T10:00:00.000Z',
    cloudCredential,
    record,
  };
}

export function withdrawalItem(
  agent: Pick<TestAgent, 'tenantId' | 'signingKey'>,
  who: Person,
  passwordOrder: PasswordOrder,
  { sequence = nextSequence(), forest = FOREST } = {},
): Withdrawal {
  const record = signWithdrawal(agent.signingKey, {
    tenant: agent.tenantId,
    forest,
    sourceAnchor: who.anchor,
    objectGuid: who.guid,
    sequence,
    passwordOrder,
    reason: 'must-change',
  });
  return { sourceAnchor: who.anchor, record };
}

/** Without records, or with those that `seal` made. */
export const batchOf = (changes: CredentialChange[], forest: string = FOREST) => ({
  forest,
  encapsulation: ENCAPSULATION,
  changes,
});

const sealer = await CredentialSealer.open((await generateSealingKey()).publicKey);
/** Of all records that `seal` makes. */
export const ENCAPSULATION = sealer.encapsulation;

/** The signed part of credential records of a batch. */
export const sealing =
  (batch: CredentialSealer) =>
  (
    agent: TestAgent,
    who: Person,
    password: string,
    passwordOrder: PasswordOrder,
    sequence = nextSequence(),
    forest: string = FOREST,
  ) => {
    const header = {
      tenant: agent.tenantId,
      forest,
      sourceAnchor: who.anchor,
      objectGuid: who.guid,
      sequence,
      passwordOrder,
      mustChange: false,
    };
    return batch.seal(agent.signingKey, header, { ntHash: ntHash(password) });
  };

/** For a managed domain whose private key no test needs. */
export const seal = sealing(sealer);

/** The same as the feed shows it. */
export const inFeed = (signed: string): string => joinEncapsulation({ signed, encapsulation: ENCAPSULATION });
