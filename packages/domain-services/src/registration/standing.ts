import { callIfServed, describeOtherRuns, isRemoved, type Send } from '@causeway/api';
import { managedDomainRoutes, type Registration, type SeenRun } from '@causeway/contract';
import { Bell, every, type Log, type Service, Trouble } from '@causeway/service';
import { z } from 'zod';
import { askProposals, logEnded, noteProposals } from '../administrators/administrators.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { MAKE_CODE } from './identity.ts';
import { fingerprintOf, isOwn, type OwnDomain } from './registration.ts';

/** Whether this domain is its tenant's, by the tenant's last answer. */
const Standing = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('registered'),
    /** Its keys are not confirmed at the tenant, so no cloud-only passwords are sealed to it. */
    unconfirmed: z.literal(true).optional(),
  }),
  /** The tenant has another managed domain. */
  z.strictObject({ state: z.literal('replaced'), realm: z.string(), fingerprint: z.string() }),
  /** The tenant has no managed domain. */
  z.strictObject({ state: z.literal('withdrawn') }),
  /** The tenant does not accept this domain's agent. */
  z.strictObject({ state: z.literal('removed') }),
  /** The tenant does not say, so nothing is claimed. */
  z.strictObject({ state: z.literal('unknown') }),
]);
export type Standing = z.infer<typeof Standing>;

const Noted = z.strictObject({ standing: Standing, since: z.iso.datetime() });

/** The tenant's present answer. @throws CallError if there is none */
async function askStanding(
  send: Send,
  own: OwnDomain,
  signal: AbortSignal,
): Promise<{ standing: Standing; otherRuns?: SeenRun[] | undefined }> {
  try {
    const told = await callIfServed(send, managedDomainRoutes.readDomain, { signal });
    if (told === undefined) return { standing: { state: 'unknown' } };
    const { domain, otherRuns } = told;
    if (domain === null) return { standing: { state: 'withdrawn' }, otherRuns };
    if (isOwn(own, domain))
      return { standing: { state: 'registered', ...(await readUnconfirmed(send, signal)) }, otherRuns };
    const { realm } = domain;
    return { standing: { state: 'replaced', realm, fingerprint: fingerprintOf(domain) }, otherRuns };
  } catch (error) {
    if (isRemoved(error)) return { standing: { state: 'removed' } };
    throw error;
  }
}

/** A tenant of the previous release seals without a confirmation. */
async function readUnconfirmed(send: Send, signal: AbortSignal): Promise<{ unconfirmed?: true }> {
  const served = await callIfServed(send, managedDomainRoutes.readConfirmation, { signal });
  return served?.confirmation?.confirmed === null ? { unconfirmed: true } : {};
}

/** @returns whether it differs from before */
export function noteStanding(ledger: Ledger, standing: Standing): boolean {
  const before = readNoted(ledger)?.standing;
  if (JSON.stringify(before) === JSON.stringify(standing)) return false;
  const noted = { standing, since: ledger.timestamp() };
  ledger.state.set('standing', JSON.stringify(noted satisfies z.infer<typeof Noted>));
  return true;
}

function readNoted(ledger: Ledger): z.infer<typeof Noted> | undefined {
  const text = ledger.state.get('standing');
  return text === undefined ? undefined : Noted.safeParse(JSON.parse(text)).data;
}

export function readRegistration(ledger: Ledger, realm: string): Registration {
  const noted = readNoted(ledger);
  const { standing, since } = noted ?? { standing: { state: 'unknown' } as const, since: null };
  return { state: standing.state, since, ...adviceOn(standing, realm) };
}

const CONFIRM =
  'for cloud-only people, whose passwords come only after that, a member of AAD DC Administrators confirms the own fingerprint above: causeway tenant trust-domain FINGERPRINT. Then they change their passwords';
const STOP = "Or stop it: end its service, then run 'causeway domain stop'";

function adviceOn(standing: Standing, realm: string): Pick<Registration, 'alarm' | 'next'> {
  const alarm = (what: string): string =>
    `ALARM: ${realm} is not its tenant's managed domain any more: ${what}. Nobody here is disabled or deleted for that: people sign in with the passwords that this domain has, and no new one comes`;
  switch (standing.state) {
    case 'registered':
      return { alarm: null, next: standing.unconfirmed ? CONFIRM : null };
    case 'unknown':
      return { alarm: null, next: null };
    case 'replaced':
      return {
        alarm: alarm(`the tenant has ${standing.realm} (${standing.fingerprint}) in its place`),
        next: `to take its place back: causeway domain register --replace ${standing.realm}. ${STOP}`,
      };
    case 'withdrawn':
      return {
        alarm: alarm('the tenant has none. It was withdrawn, or the tenant was restored from before it'),
        next: `to register it again: causeway domain register. ${STOP}`,
      };
    case 'removed':
      return {
        alarm: alarm(
          'the tenant does not accept its agent. The agent was removed there, another agent took its place, the tenant was restored from before it, or clocks differ by minutes. Nothing comes at all, and who leaves stays enabled here',
        ),
        next: `to register it again, with a code of '${MAKE_CODE}': causeway domain register --code-file FILE. ${STOP}`,
      };
  }
}

export interface StandingWatchOptions {
  ledger: Ledger;
  send: Send;
  own: OwnDomain;
  log: Log;
  intervalMs: number;
}

/**
 * Regularly asks the tenant which managed domain it has, and raises an alarm once it is another one. Also asks whom the tenant proposes as
 * the domain's administrators.
 */
export class StandingWatch implements Service {
  readonly name = 'standing';
  readonly #options: StandingWatchOptions;
  #said = false;
  #otherRuns: SeenRun[] | undefined;
  readonly #bell = new Bell();
  // What was known stays known: a missing answer is no news.
  readonly #noDomain: Trouble;
  readonly #noProposals: Trouble;

  constructor(options: StandingWatchOptions) {
    this.#options = options;
    const silent = (what: string) =>
      new Trouble(
        err => options.log.warn({ err }, `cannot ask the tenant ${what}`),
        () => options.log.info(`the tenant answers again ${what}`),
      );
    this.#noDomain = silent('which managed domain it has');
    this.#noProposals = silent('whom it proposes as administrators');
  }

  /** Other running copies of this Domain Services, by the tenant's last answer. */
  get otherRuns(): SeenRun[] | undefined {
    return this.#otherRuns;
  }

  /** Asks at once, because something was done about it. */
  wake(): void {
    this.#bell.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { intervalMs, ledger } = this.#options;
    await every(intervalMs, signal, () => this.#look(signal), { bell: this.#bell, clock: ledger.clock });
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { ledger, send, own, log } = this.#options;
    await this.#noDomain.during(async () => {
      const before = ledger.state.get('standing');
      const { standing, otherRuns } = await askStanding(send, own, signal);
      // A registration came in between, and the answer may be from before it.
      if (ledger.state.get('standing') !== before) return;
      this.#say(noteStanding(ledger, standing));
      this.#hearRuns(otherRuns);
    }, signal);
    await this.#noProposals.during(async () => {
      const { ended, isNew } = noteProposals(ledger, await askProposals(send, signal));
      logEnded(log, ended);
      if (isNew)
        log.info(
          'the tenant proposes administrators of the domain; to review them: causeway domain administrators',
        );
    }, signal);
  }

  /** Logs when another copy of this Domain Services appears, and when it stops. */
  #hearRuns(otherRuns: SeenRun[] | undefined): void {
    const before = this.#otherRuns;
    this.#otherRuns = otherRuns;
    const { log } = this.#options;
    if (otherRuns && !before) log.error(`ALARM: ${describeOtherRuns('Domain Services', otherRuns)}`);
    if (before && !otherRuns) log.info('only one copy of this Domain Services calls the tenant now');
  }

  /** Logs an alarm once, and again after a restart. */
  #say(changed: boolean): void {
    const { alarm, next, since } = readRegistration(this.#options.ledger, this.#options.own.realm);
    if (alarm !== null && (changed || !this.#said)) this.#options.log.error({ since, next }, alarm);
    if (alarm === null && this.#said) this.#options.log.info('the tenant has this domain registered again');
    this.#said = alarm !== null;
  }
}
