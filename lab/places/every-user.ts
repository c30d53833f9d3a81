import { readFileSync } from 'node:fs';
import { httpSend } from '@causeway/api';
import type { UserStatus } from '@causeway/contract';
import { listUsers } from '@causeway/tenant/testing';

/** Everybody whom a tenant has: a lab that has seen many tests has more people than one page. */
export function everyUser(stage: { tokenFile: string; tenantUrl: string }): Promise<UserStatus[]> {
  const token = readFileSync(stage.tokenFile, 'utf8').trim();
  return listUsers(httpSend({ url: stage.tenantUrl }, async () => token));
}
