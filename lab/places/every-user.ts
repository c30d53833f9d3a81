import { readFileSync } from 'node:fs';
import { call, httpSend } from '@causeway/api';
import { administrationRoutes, type UserStatus } from '@causeway/contract';

/** Everybody whom a tenant has, page after page: a lab that has seen many tests has more people than one page. */
export async function everyUser(stage: { tokenFile: string; tenantUrl: string }): Promise<UserStatus[]> {
  const token = readFileSync(stage.tokenFile, 'utf8').trim();
  const send = httpSend({ url: stage.tenantUrl }, async () => token);
  const users: UserStatus[] = [];
  for (let after = ''; ; ) {
    const page = await call(send, administrationRoutes.listUsers, { query: { after, limit: 1000 } });
    users.push(...page.users);
    if (!page.more) return users;
    const { id, userPrincipalName, signInName } = page.users.at(-1)!;
    after = signInName === undefined ? userPrincipalName : (signInName ?? id);
  }
}
