import { z } from 'zod';
import { Timestamp } from '../common.ts';

/** Header by which an agent says, with every request, which start of it that is, and on which machine. */
export const RUN_HEADER = 'causeway-run';
/** Starts of one agent that one answer names. */
export const MAX_RUNS = 8;

const MACHINE = /^[A-Za-z0-9._-]{1,64}$/;
const ADDRESS = /^[A-Za-z0-9.:%-]{1,64}$/;

/** One start of an agent. */
export interface Run {
  /** Drawn at the start, a UUID. */
  readonly id: string;
  /** What the machine calls itself. */
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

/** What is no name of a machine is made one. */
export const writeRun = ({ id, machine }: Run): string =>
  `${id} ${machine.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 64) || 'unknown'}`;

/** What a header says; undefined where it says nothing, or something else. @param header as it came */
export function readRun(header: unknown): Run | undefined {
  if (typeof header !== 'string' || header.length > 128) return undefined;
  const [id, machine, ...more] = header.split(' ');
  if (!z.uuid().safeParse(id).success || !MACHINE.test(machine ?? '') || more.length > 0) return undefined;
  return { id: id!.toLowerCase(), machine: machine! };
}

/** An address as it may be shown: a proxy may say anything in its place. */
export const shownAddress = (address: string): string => (ADDRESS.test(address) ? address : 'unknown');
