import {
  AAD_DC_ADMINISTRATORS,
  ACCEPTED_RECORDS,
  type ConnectStatus,
  compareVersions,
  type DomainConfirmation,
} from '@causeway/contract';

/** What somebody said when they were asked, or why they said nothing. */
export type Told<T> = { ok: true; value: T } | { ok: false; reason: string };

/** All that the prerequisites are judged by. */
export interface Facts {
  connect: Told<{ status: ConnectStatus; version: string }>;
  /** Asked with an administrator's token. */
  tenant: Told<{
    userPrincipalName: string;
    groups: readonly string[];
    /** Null without a managed domain; undefined of a tenant of the release before, which asks for none. */
    confirmation?: DomainConfirmation | null | undefined;
  }>;
  /** A managed domain that runs on this machine, where there is one. */
  domain?: ManagedDomainHere | undefined;
  now: Date;
}

export interface ManagedDomainHere {
  realm: string;
  /** That it is not the tenant's, and what to do, in its own words; null where it is, or does not know. */
  alarm: string | null;
  next: string | null;
  /** Of the release before: it does not say. */
  samba?: { version: string | null; warning: string | null } | undefined;
}

export interface Finding {
  /** Stable, for scripts. */
  id: string;
  /** The prerequisite in words. */
  prerequisite: string;
  /** Null: it could not be found out. */
  met: boolean | null;
  found: string;
  /** How it was found out. */
  how: string;
  /** What to do next; null when nothing is to be done. */
  next: string | null;
}

type Judgement = Omit<Finding, 'id' | 'prerequisite'>;

/** A cycle runs every two minutes at least; this long without one is no coincidence. */
const STALE_MS = 15 * 60_000;

const RECEIPTS = "looked at the managed domain's signed receipts";
const ASKED_CONNECT = 'asked Connect on its local socket';
const ASKED_DOMAIN = 'asked the managed domain on its local socket';
const MAKE_DOMAIN = 'make one first: causeway domain create';
const ASKED_TENANT = "asked the tenant with the administrator's token";

/** The prerequisites of the tutorial, in its order. Pure. */
export function judgePrerequisites(facts: Facts): Finding[] {
  return PREREQUISITES.map(({ id, prerequisite, judge }) => ({ id, prerequisite, ...judge(facts) }));
}

/**
 * What is to be known beside the prerequisites, and keeps nobody from anything: which Samba the managed domain here runs by, and which
 * domain controllers are read.
 */
export function warningsOf({ connect, domain }: Facts): string[] {
  const warning = domain?.samba?.warning;
  const connectors = connect.ok ? connect.value.status.connectors : [];
  return [...(warning ? [warning] : []), ...connectors.flatMap(controllerWarnings)];
}

function controllerWarnings({ name, domainController }: ConnectStatus['connectors'][number]): string[] {
  if (domainController === undefined) return [];
  const { server, preferred, since, reason, lagsSince } = domainController;
  return [
    ...(server === preferred
      ? []
      : [`${name}: ${server} is read instead of ${preferred}, since ${since}: ${reason}`]),
    ...(lagsSince === null
      ? []
      : [
          `${name}: ${server} has not got all that was read before, since ${lagsSince}; it deletes and opens nobody until it has. If what it lacks is lost for good: causeway connect accept-dc '${name}'`,
        ]),
  ];
}

const met = (found: string, how: string): Judgement => ({ met: true, found, how, next: null });
const unmet = (found: string, how: string, next: string): Judgement => ({ met: false, found, how, next });
const unknown = (found: string, how: string, next: string): Judgement => ({ met: null, found, how, next });

type ConnectFacts = Extract<Facts['connect'], { ok: true }>['value'];
type TenantFacts = Extract<Facts['tenant'], { ok: true }>['value'];

/** A judgement that Connect has to be asked for. */
function byConnect(judge: (connect: ConnectFacts, facts: Facts) => Judgement) {
  return (facts: Facts): Judgement =>
    facts.connect.ok
      ? judge(facts.connect.value, facts)
      : unknown(
          facts.connect.reason,
          ASKED_CONNECT,
          "run this where Connect is, with 'causeway connect run' going",
        );
}

function byTenant(judge: (tenant: TenantFacts) => Judgement) {
  return (facts: Facts): Judgement =>
    facts.tenant.ok
      ? judge(facts.tenant.value)
      : unknown(
          facts.tenant.reason,
          ASKED_TENANT,
          "give --tenant URL and --token-file FILE of an administrator; 'causeway tenant create' and 'causeway tenant token' make tokens",
        );
}

const PREREQUISITES: readonly {
  id: string;
  prerequisite: string;
  judge(facts: Facts): Judgement;
}[] = [
  {
    id: 'tenant',
    prerequisite: 'a tenant, with Connect enrolled at it',
    judge: byConnect(({ status: { tenant, pairing } }) =>
      pairing.state === 'unknown'
        ? unmet(
            `the tenant at ${tenant.url} does not answer as it should: ${pairing.reason ?? 'no reason given'}`,
            ASKED_CONNECT,
            "see that the tenant runs and that Connect is still enrolled: 'causeway tenant agents list'",
          )
        : met(`Connect is enrolled at ${tenant.name}, and ${tenant.url} answers it`, ASKED_CONNECT),
    ),
  },
  {
    id: 'synchronized',
    prerequisite: 'the tenant is synchronized with an on-premises directory',
    judge: byConnect(({ status }, { now }) => judgeSynchronized(status, now)),
  },
  {
    id: 'password-hash-synchronization',
    prerequisite: 'password hash synchronization is on',
    judge: byConnect(({ status }, { now }) => judgePasswords(status, now)),
  },
  {
    id: 'nobody-waits-to-be-deleted',
    prerequisite: 'nobody who was deleted on-premises can still sign in',
    judge: byConnect(({ status }) => judgeDeletions(status)),
  },
  {
    id: 'connect-version',
    prerequisite: "Connect is not older than the tenant's minimum",
    judge: byConnect(({ status: { tenant, pairing }, version }) => {
      const minimum = tenant.minimumAgentVersion;
      if (pairing.code === 'agent-too-old')
        return unmet(pairing.reason ?? 'too old', ASKED_CONNECT, 'update Connect and start it again');
      if (minimum === null)
        return unknown(
          `Connect is ${version}; the tenant's minimum is not known yet`,
          ASKED_CONNECT,
          'see that the tenant answers',
        );
      return compareVersions(version, minimum) >= 0
        ? met(`Connect is ${version}, at least ${minimum} is needed`, ASKED_CONNECT)
        : unmet(
            `Connect is ${version}, at least ${minimum} is needed`,
            ASKED_CONNECT,
            'update Connect and start it again',
          );
    }),
  },
  {
    id: 'managed-domain',
    prerequisite: 'a managed domain, made and registered at the tenant',
    judge: facts =>
      facts.domain?.alarm
        ? unmet(facts.domain.alarm, ASKED_DOMAIN, facts.domain.next ?? 'causeway domain status')
        : byConnect(({ status }) => judgeRegistered(status))(facts),
  },
  {
    id: 'paired',
    prerequisite: "Connect and the managed domain trust each other's keys",
    judge: byConnect(({ status }) => judgePairing(status)),
  },
  {
    id: 'aad-dc-administrators',
    prerequisite: `the signed-in user is a member of ${AAD_DC_ADMINISTRATORS}`,
    judge: byTenant(me =>
      me.groups.includes(AAD_DC_ADMINISTRATORS)
        ? met(`${me.userPrincipalName} is one`, ASKED_TENANT)
        : unmet(
            `${me.userPrincipalName} is none`,
            ASKED_TENANT,
            `causeway tenant group add '${AAD_DC_ADMINISTRATORS}' ${me.userPrincipalName}`,
          ),
    ),
  },
  {
    id: 'confirmed-at-tenant',
    prerequisite: "the managed domain's keys are confirmed at the tenant, for cloud-only people",
    judge: byTenant(({ confirmation }) => judgeConfirmation(confirmation)),
  },
];

/** The worst of what the connectors say, each told with its name. */
function worst(parts: readonly { name: string; judgement: Judgement }[]): Judgement {
  const bad =
    parts.find(({ judgement }) => judgement.met === false) ??
    parts.find(({ judgement }) => judgement.met === null);
  const found = parts.map(({ name, judgement }) => `${name}: ${judgement.found}`).join('; ');
  const { met, how, next } = (bad ?? parts[0]!).judgement;
  return { met, found, how, next };
}

function judgeSynchronized({ connectors }: ConnectStatus, now: Date): Judgement {
  return worst(
    connectors.map(({ name, lastObjectCycleAt, lastError, exported }) => {
      const judgement = judgeCycle(lastObjectCycleAt, lastError, now, `${exported} users in the tenant`);
      return { name, judgement };
    }),
  );
}

function judgePasswords({ connectors }: ConnectStatus, now: Date): Judgement {
  return worst(
    connectors.map(({ name, passwordSync, lastPasswordCycleAt, lastError, passwords }) => {
      const judgement = passwordSync
        ? judgeCycle(lastPasswordCycleAt, lastError, now, `${passwords} passwords sent`)
        : unmet(
            'switched off',
            ASKED_CONNECT,
            `Set-ADSyncAADPasswordSyncConfiguration -SourceConnector '${name}' -TargetConnector … -Enable $true`,
          );
      return { name, judgement };
    }),
  );
}

/** People whom a finding names. */
const NAMED = 10;

function judgeDeletions({ connectors }: ConnectStatus): Judgement {
  return worst(connectors.map(connector => ({ name: connector.name, judgement: judgeHeld(connector) })));
}

function judgeHeld(connector: ConnectStatus['connectors'][number]): Judgement {
  const { name, forest, suppressedDeletes, stillSigningIn, stillSigningInCount, arrival } = connector;
  if (suppressedDeletes > 0) {
    const who =
      stillSigningInCount > 0 ? `; can still sign in: ${named(stillSigningIn, stillSigningInCount)}` : '';
    return unmet(
      `${suppressedDeletes} deletions wait for an administrator${who}`,
      ASKED_CONNECT,
      `look at them, and let them go if they are meant: causeway connect deletions --connector '${name}'`,
    );
  }
  const there = arrival.missing.filter(
    ({ what, refused }) => what === 'not deleted' && refused === 'deletion-threshold',
  );
  if (there.length === 0) return met('no deletion waits', ASKED_CONNECT);
  const users = there.map(({ user }) => user);
  return unmet(
    `the managed domain holds deletions: ${named(users, users.length)}`,
    RECEIPTS,
    `at the managed domain, look at them, and let them go if they are meant: causeway domain deletions --forest '${forest}'`,
  );
}

function named(users: readonly string[], count: number): string {
  const others = count > NAMED ? ` and ${count - NAMED} more` : '';
  return `${users.slice(0, NAMED).join(', ')}${others}`;
}

function judgeCycle(last: string | null, error: string | null, now: Date, done: string): Judgement {
  if (error !== null)
    return unmet(
      error,
      ASKED_CONNECT,
      'causeway connect status says more: mend that, and it goes on by itself',
    );
  if (last === null)
    return unmet('no cycle is through yet', ASKED_CONNECT, 'wait for it, or see causeway connect status');
  if (now.getTime() - Date.parse(last) > STALE_MS)
    return unmet(`the last cycle was at ${last}`, ASKED_CONNECT, 'start Connect: causeway connect run');
  return met(`${done}, last cycle ${last}`, ASKED_CONNECT);
}

function judgeRegistered({ pairing: { state, realm, offered, confirmed } }: ConnectStatus): Judgement {
  if (state === 'unknown')
    return unknown('the tenant did not say', ASKED_CONNECT, 'see that the tenant answers');
  if (realm === null)
    return unmet(
      'the tenant has no managed domain',
      ASKED_CONNECT,
      "on the managed domain's machine: causeway domain create",
    );
  // Connect goes on naming the domain that its administrator confirmed.
  if (offered === null && confirmed !== null)
    return unmet(
      `the tenant shows no managed domain any more, and Connect still trusts the keys of ${confirmed.realm}: it was withdrawn, or the tenant was restored from before it`,
      ASKED_CONNECT,
      "on the managed domain's machine: causeway domain register; if it is gone for good, here: causeway connect untrust-domain",
    );
  return met(`the tenant names ${realm}`, ASKED_CONNECT);
}

function judgeConfirmation(confirmation: TenantFacts['confirmation']): Judgement {
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

function judgePairing({ pairing, connectors, signingKey }: ConnectStatus): Judgement {
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
  const unread = ACCEPTED_RECORDS.filter(record => pairing.reads?.includes(record) === false);
  if (unread.length > 0)
    return unmet(
      `the managed domain does not read ${unread.join(', ')}: what such a record takes away stays open there`,
      ASKED_CONNECT,
      'update Domain Services and start it again',
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
