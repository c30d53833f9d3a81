import { type ConnectStatus, EPOCH_RECORDS, PROFILE_RECORD, USER_RECORDS } from '@causeway/contract';
import {
  ASKED_CONNECT,
  ASKED_TENANT,
  type Judgement,
  met,
  RECEIPTS,
  type TenantFacts,
  unknown,
  unmet,
  worst,
} from './finding.ts';

const MAKE_DOMAIN = 'make one first: causeway domain create';

export function judgeRegistered({ pairing: { state, realm, offered, confirmed } }: ConnectStatus): Judgement {
  if (state === 'unknown')
    return unknown('the tenant did not say', ASKED_CONNECT, 'see that the tenant answers');
  if (realm === null)
    return unmet(
      'the tenant has no managed domain',
      ASKED_CONNECT,
      "on the managed domain's machine: causeway domain create",
    );
  // Connect still names the domain that its administrator confirmed.
  if (offered === null && confirmed !== null)
    return unmet(
      `the tenant shows no managed domain any more, and Connect still trusts the keys of ${confirmed.realm}: it was withdrawn, or the tenant was restored from before it`,
      ASKED_CONNECT,
      "on the managed domain's machine: causeway domain register; if it is gone for good, here: causeway connect untrust-domain",
    );
  return met(`the tenant names ${realm}`, ASKED_CONNECT);
}

export function judgeConfirmation(confirmation: TenantFacts['confirmation']): Judgement {
  if (confirmation === undefined)
    return met('the tenant is of a release before and asks for no confirmation', ASKED_TENANT);
  if (confirmation === null) return unmet('there is no managed domain to confirm', ASKED_TENANT, MAKE_DOMAIN);
  const { realm, fingerprint, confirmed, owed } = confirmation;
  if (confirmed)
    return met(`the keys of ${realm} are, since ${confirmed.at} by ${confirmed.by}`, ASKED_TENANT);
  return unmet(
    `the tenant seals no password to ${realm} yet, and ${owed} cloud-only people have none there; registered is ${fingerprint}`,
    ASKED_TENANT,
    "compare with what 'causeway domain fingerprint' shows at the managed domain, then: causeway tenant trust-domain FINGERPRINT; after that they change their passwords",
  );
}

export function judgePairing({ pairing, connectors, signingKey, staging }: ConnectStatus): Judgement {
  const { state, offered, realm, confirmed } = pairing;
  if (state === 'unknown')
    return unknown('the tenant did not say which keys it has', ASKED_CONNECT, 'see that the tenant answers');
  if (state === 'off') return unmet('there is no managed domain to pair with', ASKED_CONNECT, MAKE_DOMAIN);
  const instead =
    offered && confirmed
      ? ` in the place of ${confirmed.realm} (${confirmed.fingerprint}), which was confirmed at ${confirmed.confirmedAt}`
      : '';
  if (state === 'unconfirmed')
    return unmet(
      `Connect does not trust the keys of ${realm} yet${offered ? `; the tenant offers ${offered.fingerprint}` : ''}${instead}`,
      ASKED_CONNECT,
      "compare with what 'causeway domain fingerprint' shows at the managed domain, then: causeway connect trust-domain FINGERPRINT",
    );
  const restored = connectors.some(({ epoch }) => epoch !== undefined);
  // Connect sends no whole profiles to a domain that cannot read them, so nothing is lost.
  const unread = USER_RECORDS.filter(
    record =>
      record !== PROFILE_RECORD &&
      pairing.reads?.includes(record) === false &&
      (restored || !EPOCH_RECORDS.includes(record)),
  );
  if (unread.length > 0)
    return unmet(
      `the managed domain does not read ${unread.join(', ')}: what such a record takes away stays open there`,
      ASKED_CONNECT,
      'update Domain Services and start it again',
    );
  if (staging)
    return met(
      `Connect trusts the keys of ${realm}, which is to trust its key only once it is promoted`,
      ASKED_CONNECT,
    );
  return worst(
    connectors.map(({ name, forest, arrival }) => ({
      name,
      judgement:
        arrival.receiptAt === null
          ? unmet(
              'the managed domain has not answered for this forest: it does not trust this Connect, or does not run',
              RECEIPTS,
              `at the managed domain: causeway domain trust-agent ${signingKey.fingerprint} --forest ${forest}`,
            )
          : met(`the managed domain answered for this forest at ${arrival.receiptAt}`, RECEIPTS),
    })),
  );
}
