import { readFileSync } from 'node:fs';
import { httpSend } from '@causeway/api';
import type { UserStatus } from '@causeway/contract';
import { listUsers } from '@causeway/tenant/testing';

/** All users of a tenant: after many tests a lab has more than one page of them. */
export function everyUser(stage: { tokenFile: string; tenantUrl: string }): Promise<UserStatus[]> {
  const token = readFileSync(stage.tokenFile, 'utf8').trim();
  return listUsers(httpSend({ url: stage.tenantUrl }, async () => token));
}
