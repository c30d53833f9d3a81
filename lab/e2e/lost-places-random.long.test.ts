import { after, before, test } from 'node:test';
import type { ConnectStatus, DomainStatus } from '@causeway/contract';
import { mapLimit } from '@causeway/service';
import { eventually, NotYet } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { DOMAINS } from '../domains/table.ts';
import { HostileTenant } from '../model/hostile-tenant.ts';
import { type Lie, type RecordingProxy, recordingProxy } from '../peers/recording-proxy.ts';
import { allArrives } from '../places/all-arrives.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { Losses, PLACES, type PlaceName } from '../places/losses.ts';
import { randomFrom } from '../random.ts';
import { playing, seeds } from '../seeds.ts';
import { Members, wrongOf } from './members.ts';

// Plays on real domains what `lab/model` plays in one process: random histories of a forest, whose places lose what came after a backup, or
// everything. In two of five the tenant is hostile.

const HIRED_FIRST = 5;
const STEPS = 8;
/** Five histories stay within the threshold of deletions, which is 10 per day in a small forest. */
const MOST_DELETIONS = 2;
/** A user who differs for the third time within minutes, as after two losses of all that the tenant had, is sent again after five. */
const PATIENCE_MS = 6 * 60_000;
/** With each client. Seldom, because wrong passwords lock accounts. */
const LOOK = { lookMs: 15_000, patienceMs: 45_000 };
const PAIRS = [
  ['tenant', 'connect'],
  ['tenant', 'domain'],
  ['connect', 'domain'],
] as const;
/** Each seed has one of them, and five in a row have all. */
const LOSSES: readonly (readonly (readonly PlaceName[])[])[] = [
  [['tenant']],
  [['connect']],
  [['domain']],
  PAIRS,
  [PLACES],
];

const stage = await freshStage({ headIntervalMs: 1_000, trustedProxies: ['127.0.0.1'] });
const losses = new Losses(stage);
const { onprem } = DOMAINS;
/** How a compromised tenant changes its answers. */
const between: { lie: Lie | undefined } = { lie: undefined };
let proxy: RecordingProxy;
let trials: Trials;

class History {
  readonly members = new Members(onprem);
  readonly #seed: number;
  readonly #random: () => number;
  readonly #lost: readonly PlaceName[];
  /** Before which step each is backed up. A place that loses everything needs no backup. */
  readonly #backups = new Map<PlaceName, number>();
  #hostile: HostileTenant | undefined;
  #deletions = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = randomFrom(seed);
    this.#lost = this.#pick(LOSSES[seed % LOSSES.length]!);
    for (const place of this.#lost)
      if (this.#chance(0.65)) this.#backups.set(place, Math.floor(this.#random() * STEPS));
  }

  #pick<T>(some: readonly T[]): T {
    return some[Math.floor(this.#random() * some.length)]!;
  }

  #chance(of: number): boolean {
    return this.#random() < of;
  }

  #tell(what: string): void {
    this.members.told.push(what);
  }

  async play(): Promise<void> {
    // Of five in a row one withholds people, and one shows no heads or receipts. Rotates, so that the losses differ each time.
    const turn = (this.#seed + Math.floor(this.#seed / LOSSES.length)) % LOSSES.length;
    const relays = new HostileTenant(between);
    const from = Math.floor(this.#random() * STEPS);
    for (let i = 0; i < HIRED_FIRST; i++) await this.members.hire();
    await this.#isAsTheForestSays('at the beginning');
    for (let i = 0; i < STEPS; i++) {
      const due = this.#lost.filter(place => this.#backups.get(place) === i);
      if (due.length > 0) this.#tell(`backup of ${due.join(' and ')}`);
      await losses.backUp(due);
      if (turn < 2 && i === from) await this.#turnHostile(relays, turn === 0);
      await this.#step();
      if (!this.#hostile && this.#chance(0.4)) await allArrives(stage, { patienceMs: PATIENCE_MS });
    }
    await this.#lose();
    if (this.#hostile) await this.#endHostility(this.#hostile);
    await this.#isAsTheForestSays('after the loss');
  }

  async #lose(): Promise<void> {
    const restored = this.#lost.filter(place => this.#backups.has(place));
    const toBackup = restored.flatMap(place =>
      place === 'domain'
        ? this.#pick([['ledger', 'directory'], ['ledger'], ['directory']] as const)
        : [place],
    );
    const emptied = this.#lost.filter(place => !this.#backups.has(place));
    const toNothing = emptied.map(place => (place === 'domain' ? 'ledger' : place));
    this.#tell(`back to the backup: ${toBackup.join(', ')}; to nothing: ${toNothing.join(', ')}`);
    const application = await losses.lose({ toBackup, toNothing });
    if (application) trials = new Trials(application);
  }

  async #turnHostile(hostile: HostileTenant, ofPeople: boolean): Promise<void> {
    const { there } = this.members;
    const people = [this.#pick(there), this.#pick(there)];
    const anchors = { people: new Set(people.map(({ anchor }) => anchor)) };
    const withheld = ofPeople ? anchors : this.#pick(['heads', 'receipts'] as const);
    const deceives = this.#chance(0.5);
    hostile.begin(withheld, deceives);
    this.#hostile = hostile;
    const what = typeof withheld === 'string' ? withheld : people.map(({ name }) => name.sam).join(', ');
    this.#tell(`the tenant withholds ${what}${deceives ? ', and says that nothing differs' : ''}`);
    // Changes each of them, so that there is something to withhold.
    for (const who of new Set(people)) await this.members.setPassword(who);
  }

  /** Waits until what is withheld is named, then repairs the tenant. */
  async #endHostility({ withheld }: HostileTenant): Promise<void> {
    const named = new Set<string>();
    await eventually(
      'what the tenant withholds is named',
      async () => {
        const { alarm } = (await stage.domainStatus<DomainStatus>()).arrivals[0]!;
        const { arrival } = (await stage.connectStatus<ConnectStatus>()).connectors[0]!;
        for (const { sourceAnchor } of arrival.missing) named.add(sourceAnchor);
        const isNamed =
          typeof withheld === 'object'
            ? alarm?.kind === 'differs' && [...withheld.people].every(anchor => named.has(anchor))
            : arrival.state === 'silent' && (withheld === 'receipts' || alarm?.kind === 'silent');
        return isNamed || new NotYet(JSON.stringify({ alarm, arrival }));
      },
      { patienceMs: PATIENCE_MS },
    );
    this.#tell('the tenant is honest again');
    between.lie = undefined;
    await stage.trustConnect();
  }

  async #isAsTheForestSays(when: string): Promise<void> {
    await allArrives(stage, { patienceMs: PATIENCE_MS });
    const look = async () => {
      const wrong = (await mapLimit(this.members.people, 4, who => wrongOf(who, trials))).flat();
      return wrong.length === 0 || new NotYet(wrong.join('; '));
    };
    await eventually(when, look, LOOK);
  }

  /** One step of an administrator of the forest. */
  async #step(): Promise<void> {
    const { members } = this;
    const who = this.#pick(members.there);
    const steps = [
      () => members.hire(),
      () => members.enable(who, !who.isEnabled),
      () => members.enable(who, !who.isEnabled),
      () => members.setPassword(who),
      () => members.setPassword(who),
      () => members.setPassword(who, true),
      () => members.rename(who),
      () => (this.#deletions++ < MOST_DELETIONS ? members.delete(who) : members.hire()),
    ];
    await this.#pick(steps)();
  }
}

const histories: History[] = [];
/** After a failure the state of the places is unknown, and later tests would fail without a reason of their own. */
let hasFailed = false;

before(async () => {
  trials = new Trials(await stage.openWeb());
  await stage.createDomain();
  proxy = await recordingProxy(stage.tenantUrl, (...about) => between.lie?.(...about));
  await stage.connect.stop();
  const settings = { tenant: { url: proxy.url }, silenceMs: 10_000 };
  stage.configure('connect', settings);
  stage.configure('domain', { ...settings, differenceMs: 2_000 });
  await stage.connect.start();
  await stage.domain.start();
  await stage.pair();
  await stage.forcePasswordSync();
});

after(async () => {
  await stage.close();
  await proxy?.close();
  losses.close();
  for (const { members } of histories) await members.close();
});

for (const seed of seeds(LOSSES.length))
  test(`seed ${seed}: every place returns to what the forest says`, async t => {
    if (hasFailed) return t.skip('a history before failed');
    const history = new History(seed);
    histories.push(history);
    hasFailed = true;
    await playing(seed, history.members.told, () => history.play());
    hasFailed = false;
    t.diagnostic(history.members.told.join('; '));
  });
