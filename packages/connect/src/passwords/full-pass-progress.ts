import type { FullPass } from '../store/full-passes.ts';

/** Users per second: of the present attempt, or of the whole pass once it has read every user. */
export function ratePerSecond(
  pass: FullPass,
  pace: { began: number; sent: number } | undefined,
  now: number,
): number | null {
  if (pass.startedAt === null) return null;
  const [sent, milliseconds] =
    pass.readAt !== null
      ? [pass.users, Date.parse(pass.readAt) - Date.parse(pass.startedAt)]
      : [pace?.sent ?? 0, now - (pace?.began ?? now)];
  return sent > 0 && milliseconds > 0 ? (sent * 1000) / milliseconds : null;
}

/** When every user will have been read at this rate; null if it cannot be computed. */
export function expectedEnd(pass: FullPass, total: number, rate: number | null, now: number): string | null {
  if (pass.readAt !== null || rate === null) return null;
  return new Date(now + (Math.max(0, total - pass.users) * 1000) / rate).toISOString();
}
