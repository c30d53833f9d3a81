import { z } from 'zod';
import { Timestamp } from '../common.ts';

/** Header with which an agent reports, in every request, which of its starts this is, and on which machine. */
export const RUN_HEADER = 'causeway-run';
/** Most starts of one agent in an answer. */
export const MAX_RUNS = 8;

const MACHINE = /^[A-Za-z0-9._-]{1,64}$/;
const ADDRESS = /^[A-Za-z0-9.:%-]{1,64}$/;

/** One start of an agent. */
export interface Run {
  /** A UUID, generated at the start. */
  readonly id: string;
  /** The machine's own name. */
  readonly machine: string;
}

/** A start of an agent as the tenant saw it. */
export const SeenRun = z.strictObject({
  machine: z.string().regex(MACHINE),
  /** Where its last request came from. */
  address: z.string().regex(ADDRESS),
  firstSeenAt: Timestamp,
  lastSeenAt: Timestamp,
});
export type SeenRun = z.infer<typeof SeenRun>;
export const SeenRuns = z.array(SeenRun).max(MAX_RUNS);

/** Replaces characters that a machine name may not have. */
export const writeRun = ({ id, machine }: Run): string =>
  `${id} ${machine.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 64) || 'unknown'}`;

/** What a header reports; undefined if it is absent or malformed. @param header as it came */
export function readRun(header: unknown): Run | undefined {
  if (typeof header !== 'string' || header.length > 128) return undefined;
  const [id, machine, ...more] = header.split(' ');
  if (!z.uuid().safeParse(id).success || !MACHINE.test(machine ?? '') || more.length > 0) return undefined;
  return { id: id!.toLowerCase(), machine: machine! };
}

/** An address that is safe to show: a proxy may send anything in its place. */
export const shownAddress = (address: string): string => (ADDRESS.test(address) ? address : 'unknown');
