import { z } from 'zod';
import { route } from '../http/route.ts';
import { comparisonRoutes } from './comparison.ts';
import { connectorRoutes } from './connectors.ts';
import { groupStatusRoutes } from './group-status.ts';
import { heldRoutes } from './held.ts';
import { metaverseRoutes } from './metaverse.ts';
import { objectRoutes } from './objects.ts';
import { pairingRoutes } from './pairing.ts';
import { passwordSyncRoutes } from './password-sync.ts';
import { previewRoutes } from './preview.ts';
import { runRoutes } from './runs.ts';
import { schedulerRoutes } from './scheduler.ts';
import { settingsRoutes } from './settings.ts';
import { promotionRoutes } from './staging.ts';
import { statusRoutes } from './status.ts';
import { adminTokenRoutes } from './tokens.ts';

/**
 * Connect's admin API: what the command line and the ADSync PowerShell module request from a running Connect. Served on the local socket
 * (root and the group `causeway-admins`), and over HTTPS to holders of a named token. Words and shapes follow the original's module, which
 * keeps the cmdlets thin; see docs/powershell.md.
 */
export const connectAdministrationRoutes = {
  ...statusRoutes,
  ...groupStatusRoutes,
  ...connectorRoutes,
  ...passwordSyncRoutes,
  ...schedulerRoutes,
  ...runRoutes,
  ...heldRoutes,
  ...comparisonRoutes,
  ...previewRoutes,
  ...objectRoutes,
  ...metaverseRoutes,
  ...settingsRoutes,
  ...pairingRoutes,
  ...promotionRoutes,
  ...adminTokenRoutes,
  getOpenApi: route({
    method: 'GET',
    path: '/api/v1/openapi.json',
    access: ['operator'],
    summary: 'this API as an OpenAPI 3.1 document',
    reply: z.record(z.string(), z.unknown()),
  }),
};
