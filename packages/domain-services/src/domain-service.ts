import { domainStatus, superviseDomain } from '@causeway/samba';
import {
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
import { Command, execute } from './administration.ts';
import { type DomainConfiguration, limitsOf } from './configuration.ts';
import { requireCreated } from './creation.ts';
import { ManagedDirectory } from './directory.ts';
import { openDomainKeys, publicDomainKeys } from './domain-keys.ts';
import { Follower } from './follower.ts';
import { HeadWatch } from './head-watch.ts';
import { openTenant, requireEnrolment } from './identity.ts';
import { LdbModify } from './ldb-modify.ts';
import { Ledger } from './ledger.ts';
import { listNames, readName } from './name-commands.ts';
import { type Places, placesOf } from './places.ts';
import { readStatus, readUserStatus, type StatusSources } from './status.ts';

/** Supervises the managed domain and follows the feed until a signal comes. The domain itself goes on running. */
export async function runDomain(configuration: DomainConfiguration): Promise<void> {
  setHeapGrowth();
  const places = placesOf(configuration);
  const lock = await lockStateSoon(places.stateDirectory);
  const log = createLog('domain');
  try {
    requireCreated(places);
    await runParts(configuration, places, log);
  } finally {
    lock.release();
  }
}

async function runParts(configuration: DomainConfiguration, places: Places, log: Log): Promise<void> {
  const enrolment = requireEnrolment(places);
  const keys = await openDomainKeys(places);
  const send = await openTenant(places, configuration.tenant, enrolment);
  const ledger = new Ledger(places.ledger);
  const directory = new ManagedDirectory(places.domain);
  try {
    const supervisor: Service = { name: 'samba', run: signal => supervise(places, log, signal) };
    const feed: Service = {
      name: 'feed',
      run: async signal => {
        const domain = await describeWhenUp(directory, places, signal);
        if (domain === undefined) return;
        const follower = new Follower({
          ...{ ledger, directory, sealingKey: keys.sealing, send, log, domain },
          ldbModify: LdbModify.open(places.domain),
          tenant: enrolment.tenantId,
          deletionThreshold: configuration.deletionThreshold,
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
    const sources = {
      ledger,
      limits,
      places,
      realm: configuration.realm,
      enrolment,
      keys: publicDomainKeys(keys),
    };
    const api = new LocalApi(sources, (command: Command) => execute(sources, send, command), log);
    log.info({ realm: configuration.realm, tenant: enrolment.tenantName }, 'starting');
    await runServices([supervisor, feed, heads, api], log);
  } finally {
    await directory.close();
    ledger.close();
  }
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

/** The domain's own SID, once its directory answers; nothing when the service is to end before. */
async function describeWhenUp(directory: ManagedDirectory, places: Places, signal: AbortSignal) {
  while (!signal.aborted) {
    try {
      if (domainStatus(places.domain).running) return await directory.describe();
    } catch {
      // Not yet: the supervisor says why when it does not come at all.
    }
    await sleep(100, signal);
  }
  return undefined;
}

/** Commands that concern nothing that the feed has to be read again for. */
const ONLY_WAKE: ReadonlySet<string> = new Set(['allow-deletes', 'free-name', 'give-name']);

/** Status and commands on the socket of the state folder. */
class LocalApi implements Service {
  readonly name = 'local api';
  follower: Follower | undefined;
  readonly #startedAt = Date.now();
  readonly #sources: StatusSources;
  readonly #execute: (command: Command) => Promise<{ message: string }>;
  readonly #log: Log;

  constructor(sources: StatusSources, run: (command: Command) => Promise<{ message: string }>, log: Log) {
    this.#sources = sources;
    this.#execute = run;
    this.#log = log;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { ledger, places, realm } = this.#sources;
    const server = createServer({ log: this.#log });
    server.get('/status', () =>
      readStatus(this.#sources, {
        trouble: this.follower ? this.follower.trouble : 'samba is starting',
        startedAt: this.#startedAt,
      }),
    );
    server.get<{ Params: { name: string } }>('/users/:name', request =>
      readUserStatus(ledger, request.params.name),
    );
    server.get('/names', () => listNames(ledger));
    server.get<{ Params: { name: string } }>('/names/:name', request =>
      readName(ledger, realm, request.params.name),
    );
    server.post('/commands', async request => {
      const command = Command.parse(request.body);
      const done = await this.#execute(command);
      this.#log.info({ command: command.command }, done.message);
      if (ONLY_WAKE.has(command.command)) this.follower?.wake();
      else this.follower?.readAgain();
      return done;
    });
    await serveLocally(server, places.stateDirectory);
    await new Promise<void>(resolve => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await server.close();
  }
}
