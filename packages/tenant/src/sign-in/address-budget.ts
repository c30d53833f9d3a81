import { isIPv6 } from 'node:net';
import type { Clock } from '@causeway/service';

/** The most addresses remembered. Above it, the address not seen for longest starts afresh. */
const MAX_ADDRESSES = 20_000;

interface Budget {
  left: number;
  at: number;
}

/** How often an address may do something: `burst` times at once, and `perSecond` in the long run. Kept in memory. */
export class AddressBudget {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #budgets = new Map<string, Budget>();

  constructor(burst: number, perSecond: number, clock: Pick<Clock, 'monotonic'>) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** @returns 0 if the address may now, else the seconds to wait */
  take(address: string): number {
    const key = networkOf(address);
    const now = this.#clock.monotonic();
    const before = this.#budgets.get(key) ?? { left: this.#burst, at: now };
    const left = Math.min(this.#burst, before.left + ((now - before.at) / 1000) * this.#perSecond);
    // Moves it to the end of the map, whose order decides which address is forgotten next.
    this.#budgets.delete(key);
    this.#budgets.set(key, { left: left >= 1 ? left - 1 : left, at: now });
    if (this.#budgets.size > MAX_ADDRESSES) this.#budgets.delete(this.#budgets.keys().next().value!);
    return left >= 1 ? 0 : Math.ceil((1 - left) / this.#perSecond);
  }

  /** Returns a unit that turned out not to count. */
  giveBack(address: string): void {
    const budget = this.#budgets.get(networkOf(address));
    if (budget) budget.left = Math.min(this.#burst, budget.left + 1);
  }
}

/** What one customer of a network provider has: an IPv4 address, or the first 64 bits of an IPv6 address (RFC 6177). */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  const [bare] = address.split('%', 1);
  if (!isIPv6(bare!)) return address.slice(0, 64);
  const [head, tail] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split('::', 2);
  const groups = (part: string | undefined): string[] => (part ? part.split(':') : []);
  const [front, back] = [groups(head), groups(tail)];
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => '0'), ...back];
  return `${all.slice(0, 4).join(':')}::/64`;
}
