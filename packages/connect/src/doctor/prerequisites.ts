import { AAD_DC_ADMINISTRATORS, type ConnectStatus, compareVersions } from '@causeway/contract';
import {
  ASKED_CONNECT,
  ASKED_DOMAIN,
  ASKED_TENANT,
  type ConnectFacts,
  type Facts,
  type Finding,
  type Judgement,
  type ManagedDomainHere,
  met,
  type TenantFacts,
  unknown,
  unmet,
} from './finding.ts';
import { judgeConfirmation, judgePairing, judgeRegistered } from './judge-managed-domain.ts';
import {
  judgeComparison,
  judgeDeletions,
  judgePasswords,
  judgeSynchronized,
} from './judge-synchronization.ts';

/** The prerequisites of the tutorial, in its order. Pure. */
export function judgePrerequisites(facts: Facts): Finding[] {
  return PREREQUISITES.map(({ id, prerequisite, judge }) => ({ id, prerequisite, ...judge(facts) }));
}

/**
 * Warnings that keep no password from arriving: an outdated Samba of the managed domain here, a domain that machines cannot find, a
 * Connect that stages, and domain controllers that replace the preferred one or lag.
 */
export function warningsOf({ connect, domain }: Facts): string[] {
  const warning = domain?.samba?.warning;
  const noDns = domain && dnsWarning(domain);
  const { connectors, staging } = connect.ok ? connect.value.status : { connectors: [] };
  return [
    ...(staging
      ? [
          `this Connect stages since ${staging.since}, and sends nothing: see the one that writes, or make this one that: causeway connect promote`,
        ]
      : []),
    ...(warning ? [warning] : []),
    ...(noDns ? [noDns] : []),
    ...connectors.flatMap(controllerWarnings),
  ];
}

function dnsWarning({ realm, dns }: ManagedDomainHere): string | undefined {
  if (dns === undefined || dns.answers) return undefined;
  return dns.mode === 'none'
    ? `${realm} answers no DNS: machines join it only where another server has its records. To have it answer: causeway domain dns --set internal`
    : `the DNS of ${realm} at ${dns.address} does not name its domain controller: machines cannot find the domain. See that Samba runs: causeway domain status`;
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

/** A judgement that needs Connect's answer. */
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
    id: 'tenant-has-what-it-acknowledged',
    prerequisite: 'the tenant has what it acknowledged',
    judge: byConnect(({ status }) => judgeComparison(status)),
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
