import { wipeKeys } from '@causeway/credentials';
import type { CredentialSecret } from '@causeway/records';
import { wipeValues } from '../directory/attributes.ts';
import type { PreparedItem, Task } from './task.ts';

/** Wipes the secrets in items or tasks, written or not. */
export function discard(items: readonly (PreparedItem | Task)[]): void {
  for (const item of items) {
    if (item.opened?.ok) wipe(item.opened);
    if ('plan' in item && item.plan) wipeValues(item.plan.write.values);
  }
}

function wipe(secret: CredentialSecret): void {
  secret.ntHash.fill(0);
  if (secret.kerberosKeys) wipeKeys(secret.kerberosKeys);
}
