import { CausewayError, describeError } from '@causeway/service';
import { EventId } from '../store/events.ts';
import type { FullPass } from '../store/full-passes.ts';
import { legacyState } from './legacy.ts';
import type { PasswordChannel } from './password-step.ts';
import { processUsers } from './process-users.ts';

/**
 * Carries out a forced full password sync: everybody is read again whatever the watermark says, on a connection of its own, a page
 * at a time, so that ordinary changes go on between the pages. After a restart it reads from the beginning, but sends only those whom
 * it has not sent before. The watermark is not touched.
 */
export async function fullPassStep(channel: PasswordChannel, namingContext: string): Promise<void> {
  const { context, controller, users } = channel;
  const { store, connector, settings } = context;
  const pass = store.passes.open();
  if (pass === undefined || pass.readAt !== null) return;
  if (store.cursors.get('dirsync-cookie') === undefined) {
    const text = 'full password sync waits: the full directory import is not completed';
    throw new CausewayError('waiting-for-import', text, { retry: 'later' });
  }
  const say = (id: number, level: 'info' | 'error', text: string) =>
    store.events.add(id, level, connector.name, text);
  say(
    EventId.fullPassStarted,
    'info',
    `Full password hash synchronization started for forest: ${connector.forest}`,
  );
  say(
    EventId.fullPassDomain,
    'info',
    `Full password hash synchronization started for domain: ${namingContext}`,
  );
  store.passes.start(pass.id);
  const connection = await controller.openReplication();
  try {
    const began = Date.now();
    let count = 0;
    for await (const page of connection.replicateChanges({
      namingContext,
      pageSize: settings.replicationPage,
    })) {
      try {
        const single = () => controller.single();
        const done = await users.run(() =>
          processUsers(context, page.users, { whole: true, fullPass: pass.id, single }),
        );
        count += done.sent;
        store.passes.progress(pass.id, done.sent);
      } finally {
        page.wipe();
      }
      const rate = Math.round(count / Math.max(0.001, (Date.now() - began) / 1000));
      say(EventId.fullPassProgress, 'info', `Full password hash synchronization: ${count} users, ${rate}/s`);
    }
    store.passes.read(pass.id);
    say(
      EventId.fullPassDomainCompleted,
      'info',
      `Full password hash synchronization completed for domain: ${namingContext}`,
    );
  } catch (error) {
    say(
      EventId.fullPassFailed,
      'error',
      `Full password hash synchronization attempt failed, and is made again: ${describeError(error)}`,
    );
    throw error;
  } finally {
    await connection.close();
  }
  await completePass(channel);
}

/** Ends the pass when everybody is read and nobody is owed any more. */
export async function completePass({ context }: PasswordChannel): Promise<FullPass | undefined> {
  const { store, connector, tenant } = context;
  const pass = store.passes.open();
  if (pass === undefined || pass.readAt === null) return pass;
  if (store.owed.count() > 0 && legacyState(store.db, await tenant.configuration()).state !== 'off')
    return pass;
  store.passes.complete(pass.id);
  store.events.add(
    EventId.fullPassCompleted,
    'info',
    connector.name,
    `Full password hash synchronization completed for forest: ${connector.forest}`,
  );
  return undefined;
}
