import type { Loss } from '@causeway/contract';
import { CausewayError, faultPoint, type Log } from '@causeway/service';
import { sql } from 'kysely';
import { lockCounter, type Reach, readReach } from '../changes/change-counter.ts';
import { beginEpoch, readEpochs } from '../changes/epochs.ts';
import type { Agent, Installation } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { furthest, isBeyond, lostSince } from './decide-loss.ts';
import { type Mark, type MarkKind, readMark, writeMark } from './mark.ts';

/** Keeps marks for an agent: gives them out, and detects by them that the tenant lost changes. */
export class MarkKeeper {
  readonly scope: TenantScope;
  readonly #agentName: string;
  readonly #key: string;
  readonly #log: Log;

  private constructor({ scope, agentName }: Agent, key: string, log: Log) {
    this.scope = scope;
    this.#agentName = agentName;
    this.#key = key;
    this.#log = log;
  }

  static async of(agent: Agent, installation: Installation, log: Log): Promise<MarkKeeper> {
    const { digestKey } = await installation.readKeys(agent.scope);
    return new MarkKeeper(agent, digestKey, log);
  }

  /** @returns undefined for a text that this tenant did not give out for this use: it proves nothing */
  read(kind: MarkKind, text: string): Mark | undefined {
    return readMark(this.#key, kind, text);
  }

  /** @param reach read after the place */
  write(kind: MarkKind, { news, again }: Pick<Mark, 'news' | 'again'>, reach: Reach): string {
    const { epoch, generation } = reach;
    return writeMark(this.#key, kind, { epoch, generation, news, again, at: this.scope.clock.now() });
  }

  /**
   * Takes the agent's mark into account and returns a new one that covers everything here now.
   * @param text ignored if this tenant did not give it out: it may come from another tenant that had this one's place
   */
  async exchange(text: string | null): Promise<string> {
    const mark = text === null ? undefined : this.read('mark', text);
    if (mark) await this.stands(mark, await readReach(this.scope));
    const reach = await readReach(this.scope);
    return this.write('mark', { news: reach.counter, again: reach.counter }, reach);
  }

  /**
   * Whether the changes that a mark counts are here. If they are lost and the loss is new, the tenant's sessions, tokens and codes
   * end. INVARIANT: that happens once per loss, however many marks show it, and only for a mark that this tenant gave out.
   */
  async stands(mark: Mark, reach: Reach): Promise<boolean> {
    if (mark.epoch === reach.epoch && furthest(mark) <= reach.counter) return true;
    const { scope } = this;
    const { lost, loss } = await scope.transaction(inside => judge(inside, mark, this.#agentName));
    if (loss) {
      this.#log.error(
        { tenant: scope.tenantName, ...loss },
        'this tenant lost changes because its database was restored; ended all sessions, tokens and codes',
      );
    }
    return !lost;
  }
}

async function judge(
  inside: TenantScope,
  mark: Mark,
  agent: string,
): Promise<{ lost: boolean; loss?: Loss }> {
  const counter = await lockCounter(inside);
  const epochs = await readEpochs(inside);
  if (!isBeyond(mark, epochs, counter.value)) return { lost: false };
  if (await hasEnded(inside, mark.generation)) return { lost: true };
  const since = lostSince(mark, epochs, counter.changedAt);
  const ended = [...new Set([mark.generation, ...epochs.slice(-1).map(({ generation }) => generation)])];
  const id = await beginEpoch(inside, counter, 'after a loss');
  const loss = { id, since, until: new Date(mark.at), found_at: inside.now(), found_by: agent };
  await inside.insert('losses', { ...loss, ended: JSON.stringify(ended) }).execute();
  await endWhatOpens(inside);
  faultPoint('tenant.before-loss');
  return { lost: true, loss: shown(loss) };
}

/** A lost mark from before the last loss was found belongs to that loss. */
async function hasEnded(inside: TenantScope, generation: string): Promise<boolean> {
  const { rows } = await inside.run(
    tenantId => sql`select from losses where tenant_id = ${tenantId} and ended ? ${generation} limit 1`,
  );
  return rows.length > 0;
}

/** Nobody knows what was revoked since the backup: a password, an account, a token, a code that was used. */
async function endWhatOpens(inside: TenantScope): Promise<void> {
  await inside.run(
    tenantId =>
      sql`update users set session_epoch = session_epoch + 1 where tenant_id = ${tenantId} and deleted_at is null`,
  );
  await inside.delete('tokens').execute();
  await inside.delete('enrolments').execute();
  // An assertion can be used only once, also after a loss.
  await inside.delete('oidc_payloads').where('model', '<>', 'ReplayDetection').execute();
}

interface LossRow {
  readonly id: string;
  readonly since: Date | null;
  readonly until: Date;
  readonly found_at: Date;
  readonly found_by: string;
}

const shown = ({ id, since, until, found_at, found_by }: LossRow): Loss => ({
  id,
  since: since?.toISOString() ?? null,
  until: until.toISOString(),
  foundAt: found_at.toISOString(),
  foundBy: found_by,
});

/** The losses that no administrator has seen yet. */
export async function listLosses(scope: TenantScope): Promise<Loss[]> {
  const rows = await scope
    .select('losses')
    .select(['id', 'since', 'until', 'found_at', 'found_by'])
    .where('seen_at', 'is', null)
    .orderBy('found_at')
    .execute();
  return rows.map(shown);
}

/** Records that an administrator has reviewed the loss. @throws CausewayError 'no-such-loss' */
export async function seeLoss(scope: TenantScope, id: string, userId: string): Promise<void> {
  const seen = await scope
    .update('losses')
    .set({ seen_at: scope.now(), seen_by: userId })
    .where('id', '=', id)
    .where('seen_at', 'is', null)
    .executeTakeFirst();
  if (seen.numUpdatedRows > 0n) return;
  throw new CausewayError('no-such-loss', `no loss of changes that nobody has seen yet has this id`);
}
