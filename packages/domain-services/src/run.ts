import { type HttpServer, type Send, serveLocally } from '@causeway/api';
import { domainStatus, type SambaRelease, sambaRelease, superviseDomain } from '@causeway/samba';
import {
  type Clock,
  createLog,
  describeError,
  type Log,
  lockStateSoon,
  runServices,
  type Service,
  setHeapGrowth,
  Trouble,
} from '@causeway/service';
import { type AdminContext, adminHandlers, type RunningService } from './admin/handlers.ts';
import { makeAdminServer } from './admin/serve-admin-api.ts';
import { adoptBlocks, applyBlocks } from './apply/blocks.ts';
import { adoptAccounts } from './apply/reunion/adopt-accounts.ts';
import { reunite } from './apply/reunion/reunite.ts';
import { type DomainConfiguration, limitsOf } from './configuration.ts';
import { requireCreated } from './creation/creation.ts';
import { databaseAtRest } from './directory/database-at-rest.ts';
import { ManagedGroups } from './directory/groups/managed-groups.ts';
import { LdbModify } from './directory/ldb/ldb-modify.ts';
import { ManagedDirectory } from './directory/managed-directory.ts';
import { domainSids } from './directory/shadow-groups.ts';
import { Follower } from './feed/follower.ts';
import { GroupFollower } from './feed/group-follower.ts';
import { adoptGroups } from './groups/adopt-groups.ts';
import { HeadWatch } from './heads/head-watch.ts';
import { Ledger } from './ledger/ledger.ts';
import type { ManagedDomain } from './managed-domain.ts';
import { openDomainKeys, publicDomainKeys } from './pairing/domain-keys.ts';
import { type Places, placesOf } from './places.ts';
import { openTenant, requireIdentity } from './registration/identity.ts';
import { registerAgain } from './registration/register.ts';
import { StandingWatch } from './registration/standing.ts';
import { keepersOf } from './upkeep/keepers.ts';

/** Supervises the managed domain and follows the feed until a signal comes. The domain itself keeps running. */
export async function runDomain(configuration: DomainConfiguration, clock?: Clock): Promise<void> {
  setHeapGrowth();
  const places = placesOf(configuration);
  const lock = await lockStateSoon(places.stateDirectory, places.domain.directory);
  const log = createLog('domain');
  try {
    requireCreated(places);
    await runParts(configuration, places, log, clock);
  } finally {
    lock.release();
  }
}

async function runParts(
  configuration: DomainConfiguration,
  places: Places,
  log: Log,
  clock: Clock | undefined,
): Promise<void> {
  const enrolment = requireIdentity(places);
  const [keys, samba] = await Promise.all([openDomainKeys(places), sambaRelease()]);
  let tenant = await openTenant(places, configuration.tenant, enrolment);
  // Not `tenant` itself: a new registration may replace it.
  const send: Send = (path, init) => tenant(path, init);
  const ledger = new Ledger(places.ledger, clock, places.confirmed);
  const directory = new ManagedDirectory(places.domain, ledger);
  const reunited = Promise.withResolvers<void>();
  let described: ReturnType<typeof describeWhenUp> | undefined;
  let isUp = false;
  const domainWhenUp = (signal: AbortSignal) => {
    described ??= describeWhenUp({ ledger, directory, places, log, reunited }, signal).then(domain => {
      isUp = domain !== undefined;
      return domain;
    });
    return described;
  };
  try {
    const supervisor: Service = {
      name: 'samba',
      run: signal => supervise({ ledger, places, log, reunited }, signal),
    };
    const feed = whenUp('feed', domainWhenUp, async (domain, signal) => {
      await directory.readAccountDescriptor(domain);
      api.follower = new Follower({
        ...{ ledger, directory, sealingKey: keys.sealing, send, log, domain },
        ldbModify: LdbModify.open(places.domain, () => directory.beforeChange()),
        tenant: enrolment.tenantId,
        deletionThreshold: configuration.deletionThreshold,
        growth: configuration.growth,
        onPremisesSids: configuration.onPremisesSids,
        onCaughtUp: askedAt => heads.compare('users', askedAt),
      });
      await api.follower.run(signal);
    });
    const groupFeed = whenUp('feed of groups', domainWhenUp, async (domain, signal) => {
      api.groups = new GroupFollower({
        ...{ ledger, send, log, domain, tenant: enrolment.tenantId },
        onCaughtUp: askedAt => heads.compare('groups', askedAt),
      });
      await api.groups.run(signal);
    });
    const { headIntervalMs, onPremisesSids, realm } = configuration;
    const limits = limitsOf(configuration);
    const heads = new HeadWatch({
      ...{ ledger, send, log, tenant: enrolment.tenantId, receiptKey: keys.receipts, headIntervalMs, limits },
      onHead: () => {
        api.follower?.wake();
        api.groups?.wake();
      },
      onLasting: of => (of === 'users' ? api.follower : api.groups)?.readAgain(),
    });
    const publicKeys = publicDomainKeys(keys);
    const standing = new StandingWatch({
      ...{ ledger, send, log, own: { realm, keys: publicKeys }, intervalMs: headIntervalMs },
    });
    const sources = { ledger, limits, places, realm, enrolment, keys: publicKeys, onPremisesSids };
    const admin: AdminContext = {
      ...sources,
      send,
      domainSids: () => domainSids(directory),
      // An older ledger may record the end of a block that was set again later. The accounts know, so read them first.
      applyBlocks: async () => (isUp ? applyBlocks({ ledger, directory }) : undefined),
      register: async request => {
        tenant = (await registerAgain({ ...sources, configuration }, request)).send;
        standing.wake();
      },
    };
    const api = new LocalApi(admin, log, { samba, standing });
    const context = { ledger, directory, log, domainWhenUp };
    const keepers = keepersOf(context, places, configuration, {
      wake: () => api.follower?.wake(),
      isLoading: () => api.follower?.isLoading ?? false,
    });
    log.info({ realm, tenant: enrolment.tenantName, samba: samba.version }, 'starting');
    if (samba.warning !== null) log.warn(samba.warning);
    await runServices([supervisor, feed, groupFeed, heads, standing, ...keepers, api], log);
  } finally {
    await directory.close();
    ledger.close();
  }
}

/** A service that starts its work once the domain's directory answers. */
const whenUp = (
  name: string,
  domainWhenUp: (signal: AbortSignal) => Promise<ManagedDomain | undefined>,
  work: (domain: ManagedDomain, signal: AbortSignal) => Promise<void>,
): Service => ({
  name,
  async run(signal) {
    const domain = await domainWhenUp(signal);
    if (domain !== undefined) await work(domain, signal);
  },
});

async function supervise(up: Omit<Up, 'directory'>, signal: AbortSignal): Promise<void> {
  const { ledger, places, log, reunited } = up;
  // Before the domain serves anybody.
  await reuniteAtStart(up, signal);
  reunited.resolve();
  return superviseDomain(places.domain, {
    ...{ signal, clock: ledger.clock },
    onEvent: event => {
      if (event.kind === 'failed') log.error({ err: describeError(event.error) }, 'cannot start samba');
      else if (event.kind === 'ended') log.error({ samba: event.pid }, 'samba ended; restarting it');
      else log.info({ samba: event.domain.pid, adopted: event.domain.adopted }, 'samba is running');
    },
  });
}

const AGAIN_MS = 5_000;

/** Delays the start until it is known whether the ledger and the directory belong together, and what they lack is reported. */
async function reuniteAtStart(
  { ledger, places, log }: Omit<Up, 'directory' | 'reunited'>,
  signal: AbortSignal,
) {
  const trouble = new Trouble(err => log.error({ err }, 'cannot compare the ledger with the directory'));
  while (!signal.aborted) {
    try {
      await reunite({ ledger, database: databaseAtRest(places.domain), log });
      return;
    } catch (error) {
      trouble.begin(error);
    }
    await ledger.clock.sleep(AGAIN_MS, signal);
  }
}

/**
 * Returns the domain's own SID once its directory answers and the ledger holds what the accounts and groups say of themselves. Returns
 * undefined when the service ends first.
 */
async function describeWhenUp({ ledger, directory, places, log, reunited }: Up, signal: AbortSignal) {
  await reunited.promise;
  const trouble = new Trouble(err =>
    log.error({ err }, 'cannot read the owners of accounts and groups, or the blocks of administrators'),
  );
  while (!signal.aborted) {
    // It may not be up yet. If it never comes up, the supervisor logs why.
    const isUp = domainStatus(places.domain).running;
    const domain = isUp ? await directory.describe().catch(() => undefined) : undefined;
    try {
      if (domain !== undefined) {
        await adoptGroups({ ledger, groups: new ManagedGroups(directory), log });
        await adoptAccounts({ ledger, directory, domain, log });
        const adopted = await adoptBlocks({ ledger, directory });
        if (adopted > 0)
          log.error({ adopted }, 'adopted blocks that stood on accounts but not in the ledger');
        return domain;
      }
    } catch (error) {
      trouble.begin(error);
    }
    await ledger.clock.sleep(100, signal);
  }
  return undefined;
}

interface Up {
  ledger: Ledger;
  reunited: PromiseWithResolvers<void>;
  directory: ManagedDirectory;
  places: Places;
  log: Log;
}

/** Serves status and decisions on the socket in the state folder. */
class LocalApi implements Service {
  readonly name = 'local api';
  follower: Follower | undefined;
  groups: GroupFollower | undefined;
  readonly #server: HttpServer;
  readonly #stateDirectory: string;

  constructor(
    context: AdminContext,
    log: Log,
    { samba, standing }: { samba: SambaRelease; standing: StandingWatch },
  ) {
    const running: RunningService = {
      startedAt: context.ledger.clock.now(),
      samba,
      trouble: () => (this.follower ? this.follower.trouble : 'samba is starting'),
      otherRuns: () => standing.otherRuns,
      groups: () => this.groups,
      wake: () => {
        this.follower?.wake();
        this.groups?.wake();
      },
      readAgain: () => {
        this.follower?.readAgain();
        this.groups?.wake();
      },
      log: (about, message) => log.info(about, message),
    };
    this.#server = makeAdminServer(adminHandlers({ ...context, running }), log);
    this.#stateDirectory = context.places.stateDirectory;
  }

  async run(signal: AbortSignal): Promise<void> {
    await serveLocally(this.#server, this.#stateDirectory);
    await new Promise<void>(resolve => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await this.#server.close();
  }
}
