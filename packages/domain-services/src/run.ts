import { CallError, type Send } from '@causeway/contract';
import { domainStatus, type SambaRelease, sambaRelease, superviseDomain } from '@causeway/samba';
import {
  CausewayError,
  type Clock,
  createLog,
  createServer,
  describeError,
  type Log,
  lockStateSoon,
  runServices,
  type Service,
  serveLocally,
  setHeapGrowth,
  sleep,
} from '@causeway/service';
import { Command, execute } from './admin/administration.ts';
import type { Done } from './admin/command-context.ts';
import { listNames, readName } from './admin/name-commands.ts';
import { readStatus, readUserStatus, type StatusSources, UserQuery } from './admin/status.ts';
import { CandidateQuery, findCandidate } from './administrators/accept-administrator.ts';
import { listAdministrators } from './administrators/administrators.ts';
import { adoptBlocks, applyBlocks, BlockKeeper } from './apply/blocks.ts';
import { type DomainConfiguration, limitsOf } from './configuration.ts';
import { requireCreated } from './creation/creation.ts';
import { LdbModify } from './directory/ldb-modify.ts';
import { ManagedDirectory } from './directory/managed-directory.ts';
import { OwnChangesUpgrade } from './directory/own-changes-upgrade.ts';
import { RealmGuard } from './directory/realm-guard.ts';
import { Follower } from './feed/follower.ts';
import { HeadWatch } from './heads/head-watch.ts';
import { approveHeld, getHeld, HeldApproval, HeldQuery, listHeld } from './ledger/held.ts';
import { Ledger } from './ledger/ledger.ts';
import { openDomainKeys, publicDomainKeys } from './pairing/domain-keys.ts';
import { type Places, placesOf } from './places.ts';
import { openTenant, requireEnrolment } from './registration/identity.ts';
import { RegisterRequest, registerAgain } from './registration/register.ts';
import { StandingWatch } from './registration/standing.ts';

/** Supervises the managed domain and follows the feed until a signal comes. The domain itself goes on running. */
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
  const enrolment = requireEnrolment(places);
  const [keys, samba] = await Promise.all([openDomainKeys(places), sambaRelease()]);
  let tenant = await openTenant(places, configuration.tenant, enrolment);
  // A new registration may have enrolled the agent anew.
  const send: Send = (path, init) => tenant(path, init);
  const ledger = new Ledger(places.ledger, clock);
  const directory = new ManagedDirectory(places.domain);
  let described: ReturnType<typeof describeWhenUp> | undefined;
  let isUp = false;
  const domainWhenUp = (signal: AbortSignal) => {
    described ??= describeWhenUp({ ledger, directory, places, log }, signal).then(domain => {
      isUp = domain !== undefined;
      return domain;
    });
    return described;
  };
  try {
    const supervisor: Service = { name: 'samba', run: signal => supervise(places, log, signal) };
    const feed: Service = {
      name: 'feed',
      run: async signal => {
        const domain = await domainWhenUp(signal);
        if (domain === undefined) return;
        await directory.readAccountDescriptor(domain);
        const follower = new Follower({
          ...{ ledger, directory, sealingKey: keys.sealing, send, log, domain },
          ldbModify: LdbModify.open(places.domain),
          tenant: enrolment.tenantId,
          deletionThreshold: configuration.deletionThreshold,
          growth: configuration.growth,
          onCaughtUp: askedAt => heads.compare(askedAt),
        });
        api.follower = follower;
        await follower.run(signal);
      },
    };
    const { headIntervalMs } = configuration;
    const limits = limitsOf(configuration);
    const heads = new HeadWatch({
      ...{ ledger, send, log, tenant: enrolment.tenantId, receiptKey: keys.receipts, headIntervalMs, limits },
      onHead: () => api.follower?.wake(),
    });
    const { realm } = configuration;
    const publicKeys = publicDomainKeys(keys);
    const own = { realm, keys: publicKeys };
    const standing = new StandingWatch({ ledger, send, log, own, intervalMs: headIntervalMs });
    const sources = { ledger, limits, places, realm, enrolment, keys: publicKeys };
    // An older ledger may hold the end of a block that an account says was set again: the accounts are heard first.
    const at = {
      ...sources,
      applyBlocks: async () => (isUp ? applyBlocks({ ledger, directory }) : undefined),
    };
    const actions = {
      execute: (command: Command) => execute(at, send, command),
      register: async (request: RegisterRequest) => {
        const sources = { ledger, places, configuration, keys: publicKeys };
        tenant = (await registerAgain(sources, request).catch(inTheTenantsWords)).send;
        standing.wake();
      },
    };
    const api = new LocalApi(sources, actions, log, samba);
    const guard = new RealmGuard({ ledger, directory, log, domainWhenUp });
    const ownChanges = new OwnChangesUpgrade({ ledger, directory, log, domainWhenUp });
    const blocks = new BlockKeeper({ ledger, directory, log, domainWhenUp });
    log.info({ realm, tenant: enrolment.tenantName, samba: samba.version }, 'starting');
    if (samba.warning !== null) log.warn(samba.warning);
    await runServices([supervisor, feed, heads, standing, guard, ownChanges, blocks, api], log);
  } finally {
    await directory.close();
    ledger.close();
  }
}

/** What the tenant refused is for whoever asked, not for the log alone. */
function inTheTenantsWords(error: unknown): never {
  if (!(error instanceof CallError)) throw error;
  const { code, message, status } = error;
  throw new CausewayError(code, message, { status: status || 503, cause: error });
}

function supervise(places: Places, log: Log, signal: AbortSignal): Promise<void> {
  return superviseDomain(places.domain, {
    signal,
    onEvent: event => {
      if (event.kind === 'failed') log.error({ err: describeError(event.error) }, 'samba does not start');
      else if (event.kind === 'ended') log.error({ samba: event.pid }, 'samba ended; starting it again');
      else log.info({ samba: event.domain.pid, adopted: event.domain.adopted }, 'samba runs');
    },
  });
}

/**
 * The domain's own SID, once its directory answers and the blocks that stand on its accounts are in the ledger; nothing when the service
 * is to end before.
 */
async function describeWhenUp({ ledger, directory, places, log }: Up, signal: AbortSignal) {
  let before: string | undefined;
  while (!signal.aborted) {
    // Not yet: the supervisor says why when it does not come at all.
    const isUp = domainStatus(places.domain).running;
    const domain = isUp ? await directory.describe().catch(() => undefined) : undefined;
    try {
      if (domain !== undefined) {
        const adopted = await adoptBlocks({ ledger, directory });
        if (adopted > 0) log.error({ adopted }, 'blocks stood on accounts and not in the ledger: they hold');
        return domain;
      }
    } catch (error) {
      const trouble = describeError(error);
      if (trouble !== before) log.error({ err: trouble }, 'cannot read whom administrators have blocked');
      before = trouble;
    }
    await sleep(100, signal);
  }
  return undefined;
}

interface Up {
  ledger: Ledger;
  directory: ManagedDirectory;
  places: Places;
  log: Log;
}

/** What an administrator may have done. */
interface Actions {
  execute: (command: Command) => Promise<Done>;
  register: (request: RegisterRequest) => Promise<void>;
}

/** Commands that concern nothing that the feed has to be read again for. */
const ONLY_WAKE: ReadonlySet<Command['command']> = new Set([
  'free-name',
  'give-name',
  'accept-administrator',
  'remove-administrator',
  'block',
  'unblock',
]);

/** Status and commands on the socket of the state folder. */
class LocalApi implements Service {
  readonly name = 'local api';
  follower: Follower | undefined;
  readonly #startedAt: number;
  readonly #sources: StatusSources;
  readonly #actions: Actions;
  readonly #log: Log;
  readonly #samba: SambaRelease;

  constructor(sources: StatusSources, actions: Actions, log: Log, samba: SambaRelease) {
    this.#sources = sources;
    this.#startedAt = sources.ledger.clock.now();
    this.#actions = actions;
    this.#log = log;
    this.#samba = samba;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { ledger, places, realm } = this.#sources;
    const server = createServer({ log: this.#log });
    server.get('/status', () =>
      readStatus(this.#sources, {
        trouble: this.follower ? this.follower.trouble : 'samba is starting',
        startedAt: this.#startedAt,
        samba: this.#samba,
      }),
    );
    server.get<{ Params: { name: string } }>('/users/:name', ({ params, query }) =>
      readUserStatus(ledger, params.name, UserQuery.parse(query).forest),
    );
    server.get('/names', () => listNames(ledger));
    server.get<{ Params: { name: string } }>('/names/:name', request =>
      readName(ledger, realm, request.params.name),
    );
    server.get('/administrators', () => ({ administrators: listAdministrators(ledger) }));
    server.get('/administrators/candidate', request =>
      findCandidate(ledger, CandidateQuery.parse(request.query)),
    );
    server.post('/commands', async request => {
      const command = Command.parse(request.body);
      const done = await this.#actions.execute(command);
      this.#log.info({ command: command.command }, done.message);
      if (ONLY_WAKE.has(command.command)) this.follower?.wake();
      else this.follower?.readAgain();
      return done;
    });
    server.get('/held', request => {
      const { operation, forest } = HeldQuery.parse(request.query);
      return { lists: listHeld(ledger, operation, forest) };
    });
    server.get<{ Params: { digest: string } }>('/held/:digest', request =>
      getHeld(ledger, request.params.digest),
    );
    server.post<{ Params: { digest: string } }>('/held/:digest', request => {
      const { operation } = HeldApproval.parse(request.body);
      const approved = approveHeld(ledger, request.params.digest, operation);
      this.#log.info({ digest: approved.digest, count: approved.count }, 'a list that waited is approved');
      if (operation === 'create') this.follower?.readAgain();
      else this.follower?.wake();
      return approved;
    });
    server.post('/register', async request => {
      await this.#actions.register(RegisterRequest.parse(request.body));
      this.#log.info({ realm: this.#sources.realm }, 'registered with the tenant');
      this.follower?.readAgain();
      return {};
    });
    await serveLocally(server, places.stateDirectory);
    await new Promise<void>(resolve => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await server.close();
  }
}
