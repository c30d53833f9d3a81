import { domainAdministratorRoutes } from './administrators.ts';
import { domainDecisionRoutes } from './decisions.ts';
import { domainHeldRoutes } from './held.ts';
import { domainNameRoutes } from './names.ts';
import { domainSidRoutes } from './sids.ts';
import { domainStatusRoutes } from './status.ts';

/** Domain Services' local API: what the command line requests from the service on its machine, by the socket in its state folder. */
export const domainRoutes = {
  ...domainStatusRoutes,
  ...domainDecisionRoutes,
  ...domainNameRoutes,
  ...domainAdministratorRoutes,
  ...domainHeldRoutes,
  ...domainSidRoutes,
};
