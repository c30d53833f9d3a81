import { CallError } from '@causeway/api';
import type { Diagnosis } from '@causeway/contract';
import { pairingState } from '../pairing/pairing-state.ts';
import type { Connect } from '../sync/connect.ts';
import type { Connector } from '../sync/connector.ts';
import { forestConnector, forestConnectors } from './connectors.ts';
import { passwordScopeSays } from './held/password-scope.ts';
import { userStatus } from './status.ts';

const HEARTBEAT_MS = 3 * 3_600_000;

function check(name: string, passed: boolean, found: string, action: string): Diagnosis {
  return { check: name, passed, found, action: passed ? null : action };
}

/** The original's checks of password hash synchronization, as far as they apply to Causeway. */
export async function diagnose(
  connect: Connect,
  query: { connector?: string | undefined; distinguishedName?: string | undefined },
): Promise<Diagnosis[]> {
  const connectors = forestConnectors(connect, query.connector);
  if (query.distinguishedName !== undefined && query.connector !== undefined)
    return diagnoseObject(connect, forestConnector(connect, query.connector), query.distinguishedName);
  const domains = await Promise.all(connectors.map(diagnoseConnector));
  const ofAll = [diagnoseStaging(connect), ...(await diagnoseTenant(connect)), diagnoseHeartbeat(connect)];
  return [...ofAll, ...domains.flat()];
}

async function diagnoseTenant({ tenant, store, configuration }: Connect): Promise<Diagnosis[]> {
  const { url } = configuration.tenant;
  try {
    const pairing = pairingState(store, await tenant.configuration(true, 1));
    const realm = pairing.state === 'off' ? undefined : pairing.realm;
    return [
      check('tenant', true, `${url} answers, and takes password hashes`, ''),
      check(
        'managed domain',
        pairing.state === 'confirmed',
        realm === undefined
          ? 'the tenant has no managed domain: only its own sign-in is fed'
          : `${realm}, its key is ${pairing.state}`,
        pairing.state === 'off'
          ? "if there is to be one: 'causeway domain create'"
          : "compare with 'causeway domain fingerprint', then run 'causeway connect trust-domain FINGERPRINT'",
      ),
    ];
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const action = 'check the address, the CA file and that the tenant runs';
    return [check('tenant', false, `${url} does not answer as it should: ${error.message}`, action)];
  }
}

function diagnoseHeartbeat({ store }: Connect): Diagnosis {
  const last = store.events.lastOf('pingEnd');
  const passed = last !== undefined && store.clock.now() - Date.parse(last.at) <= HEARTBEAT_MS;
  const found = last === undefined ? 'none was sent yet' : `the last one was sent at ${last.at}`;
  return check('heartbeat', passed, found, "start Connect with 'causeway connect run', and read its log");
}

function diagnoseStaging({ staging }: Connect): Diagnosis {
  return check(
    'staging',
    !staging,
    staging
      ? 'this Connect stages: it reads no password, and sends nothing'
      : 'this Connect is the one that writes',
    "look at the Connect that writes, or make this one that: 'causeway connect promote'",
  );
}

async function diagnoseConnector(connector: Connector): Promise<Diagnosis[]> {
  const { name, context, controller, lastError } = connector;
  const { store } = context;
  const times = connector.passwordCycle();
  const { isReachable, exceptionMessage } = await connector.reachability();
  const missing = isReachable ? await connector.missingRights() : undefined;
  const checks = [
    check(
      `${name}: switched on`,
      store.settings.passwordSync,
      store.settings.passwordSync ? 'the password channel is on' : 'the password channel is off',
      'switch it on with Set-ADSyncAADPasswordSyncConfiguration -Enable $true',
    ),
    check(
      `${name}: directory imported`,
      store.cursors.get('dirsync-cookie') !== undefined,
      `${store.space.countInScope()} users in scope`,
      "wait for the first import, or see its error with 'causeway connect status'",
    ),
    check(
      `${name}: domain controller`,
      isReachable,
      isReachable
        ? `${controller.connector.server} answers, and takes the account`
        : (exceptionMessage ?? ''),
      'check the name, the port 636 and the account',
    ),
    check(
      `${name}: last cycle`,
      times.status === 'Successful' || times.status === 'InProgress',
      times.status === 'None'
        ? 'none yet'
        : `${times.status}, begun at ${times.start}${lastError ? `: ${lastError.split('\n')[0]}` : ''}`,
      "see 'causeway connect status'",
    ),
  ];
  if (isReachable)
    checks.splice(
      3,
      0,
      check(
        `${name}: permissions`,
        missing === undefined,
        missing ?? 'the account may replicate',
        missing ?? '',
      ),
    );
  return checks;
}

/** Checks each step of one object's password. */
function diagnoseObject(connect: Connect, { name, context }: Connector, dn: string): Diagnosis[] {
  const { store } = context;
  const object = store.space.findByDn(dn);
  const inSpace = check(
    'connector space',
    object !== undefined && !object.deleted,
    object === undefined
      ? `'${name}' has met no '${dn}'`
      : object.deleted
        ? 'it was deleted'
        : `it is ${object.guid}`,
    'check the distinguished name; an object outside the naming context is not imported',
  );
  if (object === undefined) return [inSpace];
  const user = userStatus(connect, object.guid);
  const { password, retry } = user;
  const { isSent, says } = passwordScopeSays(context, object);
  const checks = [
    inSpace,
    check(
      'scope',
      user.synchronized,
      user.scopeReason ?? 'it is synchronized',
      'change what filters it, if it is to be synchronized',
    ),
    check(
      'tenant',
      user.export.state === 'current',
      user.export.problem?.reason ?? user.export.state,
      "see 'causeway connect status USER'",
    ),
    check(
      'switched on',
      store.settings.passwordSync,
      store.settings.passwordSync ? 'on' : 'off',
      'switch it on with Set-ADSyncAADPasswordSyncConfiguration -Enable $true',
    ),
    check(
      'scope of passwords',
      isSent,
      says,
      "'causeway connect preview USER' says what decided it; change that, if the password is to be synchronized",
    ),
    check(
      'must change',
      password?.waiting !== true,
      password?.waiting ? (password.detail ?? '') : 'no',
      'the user changes the temporary password on-premises',
    ),
    check(
      'last attempt',
      !isSent || password?.status === 'Success', // nothing can fail for a user whose password is not sent
      password
        ? `${password.status}${password.detail ? `: ${password.detail}` : ''} (${password.updatedAt})`
        : 'there is no history',
      "send it with Invoke-ADSyncCSObjectPasswordHashSync, or wait for the user's next change",
    ),
    check('retry queue', retry === null, retry?.reason ?? 'empty', 'it is tried again by itself'),
    check(
      'owed',
      user.owedSince === null,
      user.owedSince ? `since ${user.owedSince}` : 'nothing',
      "confirm the managed domain's key with 'causeway connect trust-domain FINGERPRINT'",
    ),
  ];
  return checks;
}
