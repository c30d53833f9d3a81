import pg from 'pg';
import { connectorStatus, type Ground } from './ground.ts';
import { measurePbkdf2 } from './pbkdf2.ts';
import type { Measurement } from './row.ts';
import { eventually } from './wait.ts';

const PATIENCE_MS = 180_000;

export interface FullPass {
  readonly ms: number;
  /** Users whose credential record the tenant received in this pass. */
  readonly users: number;
}

/** A forced full password sync over what is there: from the request until the tenant has acknowledged everybody. */
export async function runFullPass(ground: Ground): Promise<FullPass> {
  const { stage } = ground;
  await ground.imported();
  ground.report('forced full password sync');
  const before = (await connectorStatus(stage)).fullPass?.id ?? 0;
  await stage.forcePasswordSync();
  let ended: { requestedAt: string; completedAt: string } | undefined;
  const look = async (): Promise<boolean> => {
    const { fullPass } = await connectorStatus(stage);
    if (fullPass === null || fullPass.id === before || fullPass.completedAt === null) return false;
    ended = { requestedAt: fullPass.requestedAt, completedAt: fullPass.completedAt };
    return true;
  };
  await eventually('the full pass is complete', look, { patienceMs: PATIENCE_MS, lookMs: 250 });
  const { requestedAt, completedAt } = ended!;
  const users = await recordsSince(ground, requestedAt);
  const { withLegacyRecord } = await connectorStatus(stage);
  if (users === 0 || users !== withLegacyRecord)
    throw new Error(`the tenant received ${users} records in the pass, Connect counts ${withLegacyRecord}`);
  return { ms: Date.parse(completedAt) - Date.parse(requestedAt), users };
}

/** What the tenant's own database says. */
async function recordsSince(ground: Ground, since: string): Promise<number> {
  const client = new pg.Client({ connectionString: ground.postgres.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>(
      'select count(*) from users where credential_record is not null and credential_record_received_at >= $1',
      [since],
    );
    return Number(rows[0]?.count);
  } finally {
    await client.end();
  }
}

/** @param pullMs the pull of the same users by Samba's client, in this run */
export async function compareFullPass(pass: FullPass, pullMs: number): Promise<Measurement> {
  const hashing = await measurePbkdf2(pass.users);
  return {
    name: 'full password sync',
    value: pass.ms,
    unit: 'ms',
    against: `pull by Samba's client (${Math.round(pullMs)} ms) + PBKDF2 alone on all cores (${Math.round(hashing)} ms); ${pass.users} users, PostgreSQL, legacy hashes on`,
    yardstick: pullMs + hashing,
    budget: { of: 'ratio', atMost: 2 },
  };
}
