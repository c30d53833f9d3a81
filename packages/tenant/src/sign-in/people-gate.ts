import type { HttpHandler, HttpReply, HttpRequest, HttpServer } from '@causeway/api';
import type { Clock } from '@causeway/service';
import { AddressBudget } from './address-budget.ts';
import { messagePage, pageHeaders } from './pages.ts';
import { Turns } from './turns.ts';

/** People's requests handled at once: few, so that an agent's request never queues behind many. */
const AT_ONCE = 2;
const WAITING = 200;
const RETRY_SECONDS = 5;

/** Sign-ins that an address may begin; a whole office may share one address. */
const SIGN_INS = { burst: 200, perSecond: 10 };
/** Wrong passwords: each for another name leaves a row for a day. */
const FAILURES = { burst: 200, perSecond: 1 };

/**
 * What a person's request costs. `begins` is an authorization request, with which a stranger makes a row; `tries` brings a
 * password; `goes-on` is another step of a sign-in.
 */
export type Step = 'begins' | 'tries' | 'goes-on';

/**
 * Every sign-in and change of a password passes here: the requests take turns, and each address has a budget. Agents bypass the gate.
 * INVARIANT: however much one address or all of them request, an agent waits for no more than the few requests being handled.
 */
export class PeopleGate {
  readonly #guarded = new WeakSet<HttpHandler>();
  readonly #turns = new Turns(AT_ONCE, WAITING);
  readonly #signIns: AddressBudget;
  readonly #failures: AddressBudget;

  constructor(clock: Clock) {
    this.#signIns = new AddressBudget(SIGN_INS.burst, SIGN_INS.perSecond, clock);
    this.#failures = new AddressBudget(FAILURES.burst, FAILURES.perSecond, clock);
  }

  /** Puts every route that is registered later through the gate. @param stepOf undefined for requests that bypass it */
  guard(server: HttpServer, stepOf: (request: HttpRequest) => Step | undefined): void {
    server.addHook('onRoute', route => {
      const { handler } = route;
      // The route for HEAD has the handler of the one for GET. Taking two turns, it could wait for itself.
      if (this.#guarded.has(handler)) return;
      const gate = this;
      route.handler = async function (request, reply) {
        const step = stepOf(request);
        const work = async () => handler.call(this, request, reply);
        return step === undefined ? work() : gate.#pass(step, request, reply, work);
      } satisfies HttpHandler;
      this.#guarded.add(route.handler);
    });
  }

  async #pass(
    step: Step,
    request: HttpRequest,
    reply: HttpReply,
    work: () => Promise<unknown>,
  ): Promise<unknown> {
    const budget = { begins: this.#signIns, tries: this.#failures, 'goes-on': undefined }[step];
    const wait = budget?.take(request.ip) ?? 0;
    if (wait > 0) {
      return refuse(reply, wait, 'Too many attempts came from your network. Try again in a minute.');
    }
    // The body is still to come, as slowly as the client likes, and must not hold a turn meanwhile.
    if (step === 'begins' && request.method !== 'GET') return work();
    const done = await this.#turns.take(async () => {
      if (request.raw.socket.destroyed) return reply.hijack();
      return work();
    });
    if (done === 'full') {
      return refuse(
        reply,
        RETRY_SECONDS,
        'Too many people sign in at the moment. Try again in a few seconds.',
      );
    }
    if (step === 'tries' && reply.statusCode < 400) budget?.giveBack(request.ip);
    return done;
  }
}

function refuse(reply: HttpReply, seconds: number, text: string): HttpReply {
  return reply
    .status(429)
    .header('retry-after', String(seconds))
    .headers(pageHeaders())
    .send(messagePage(text));
}

/** The step of a page with a form. */
export const stepOfForm = (request: HttpRequest): Step => (request.method === 'POST' ? 'tries' : 'goes-on');

/** The step of a request to the OpenID provider, whose router ignores case. Tokens, keys and metadata are for programs. */
export function stepOfProvider(request: HttpRequest): Step | undefined {
  const [first, second] = (request.params as { '*': string })['*'].toLowerCase().split('/');
  if (first !== 'auth') return undefined;
  return second ? 'goes-on' : 'begins';
}
