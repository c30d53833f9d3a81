import type { Handlers } from '@causeway/api';
import type { adminTokenRoutes } from '@causeway/contract';
import type { Connect } from '../sync/connect.ts';

/** Handlers for tokens of the admin API. The `string` is the caller, in words. */
export function tokenHandlers(connect: Connect): Handlers<typeof adminTokenRoutes, string> {
  const { tokens } = connect.store;
  return {
    listAdminTokens: () => ({ tokens: tokens.list() }),
    createAdminToken: ({ body }, caller) => {
      const { token, expiresAt } = tokens.create(body.name, body.days);
      tellToken(connect, `the token '${body.name}' of the admin API was made by ${caller}`);
      return { token, name: body.name, expiresAt };
    },
    revokeAdminToken: ({ params }, caller) => {
      tokens.revoke(params.name);
      tellToken(connect, `the token '${params.name}' of the admin API was revoked by ${caller}`);
      return {};
    },
  };
}

function tellToken({ store }: Connect, text: string): void {
  store.events.add('settingsSaved', null, text);
}
