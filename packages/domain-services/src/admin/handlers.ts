import type { Handlers, Send } from '@causeway/api';
import type { Done, domainRoutes, RegisterRequest, SeenRun } from '@causeway/contract';
import type { SambaRelease } from '@causeway/samba';
import {
  acceptAdministrator,
  findCandidate,
  removeAdministrator,
} from '../administrators/accept-administrator.ts';
import { listAdministrators } from '../administrators/administrators.ts';
import { approveHeld, getHeld, listHeld } from '../ledger/held.ts';
import { trustTenant } from '../pairing/tenant-key.ts';
import { trustAgent, untrustAgent } from '../pairing/trust.ts';
import { acceptUser } from './accept-user.ts';
import { block, unblock } from './block-commands.ts';
import type { At } from './command-context.ts';
import { deleteUnclaimed } from './delete-unclaimed.ts';
import { freeName, giveName, listNames, readName } from './name-commands.ts';
import { repairUser } from './repair-user.ts';
import { confirmSid, isUndecided, listSids, unconfirmSid } from './sid-commands.ts';
import { readStatus, readUserStatus, type StatusSources } from './status.ts';

export interface AdminContext extends StatusSources, At {
  send: Send;
  /** SIDs of the managed domain and of those that it trusts. @throws CausewayError 'directory-unavailable' */
  domainSids: () => Promise<string[]>;
  register: (request: RegisterRequest) => Promise<void>;
  /** The running service. Absent where a command has opened the ledger instead. */
  running?: RunningService;
}

export interface RunningService {
  startedAt: number;
  samba: SambaRelease;
  /** Why the feed cannot be followed, in words. */
  trouble: () => string | undefined;
  /** Other starts of this Domain Services, as the tenant reports them. */
  otherRuns: () => SeenRun[] | undefined;
  /** State of the group feed; undefined until it is followed. */
  groups: () => { isServed: boolean | undefined; trouble: string | undefined } | undefined;
  /** Resumes work that may have waited for this decision. */
  wake(): void;
  /** Reads the feed from its start, because records refused before may be accepted now. */
  readAgain(): void;
  /** Logs every change that an administrator makes. */
  log(about: object, message: string): void;
}

/** Anyone who can open the socket may do everything, so handlers do not learn who calls. */
export type AdminHandlers = Handlers<typeof domainRoutes, undefined>;

/**
 * Domain Services' local API, one handler per route of the contract. The running service serves them. Where none runs, a command that has
 * opened the ledger calls them. Every change is written to the audit trail.
 */
export function adminHandlers(at: AdminContext): AdminHandlers {
  const { ledger, realm, send, running } = at;
  const done = (command: keyof AdminHandlers, then: 'wake' | 'readAgain', result: Done): Done => {
    running?.log({ command }, result.message);
    running?.[then]();
    return result;
  };
  const decided = (command: 'confirmSid' | 'unconfirmSid', sid: string, result: Done): Done =>
    done(command, ledger.sids.isContested(sid) ? 'readAgain' : 'wake', result);
  return {
    getStatus: () =>
      readStatus(
        at,
        running && {
          ...running,
          ...{ trouble: running.trouble(), otherRuns: running.otherRuns(), groups: running.groups() },
        },
      ),
    getUserStatus: ({ params, query }) => readUserStatus(ledger, params.user, query.forest),
    trustAgent: async ({ body }) => {
      const { trusted, replaced } = await trustAgent(ledger, send, body);
      const { fingerprint, forest } = trusted;
      const instead = replaced.map(one => `, and ${one.fingerprint} no more`).join('');
      const open = ledger.sids.domains().filter(one => one.forest === forest && isUndecided(one));
      const asks = open.map(({ sid }) => `; is ${sid} its domain? causeway domain sids`);
      const message = `trusted ${fingerprint} for forest ${forest}${instead}${asks.join('')}`;
      return done('trustAgent', 'readAgain', { message });
    },
    untrustAgent: ({ body }) => {
      const agents = untrustAgent(ledger, body.fingerprint, body.forest);
      const lines = agents.map(one => `${one.fingerprint} is not trusted for ${one.forest} any more`);
      return done('untrustAgent', 'readAgain', { message: lines.join('; ') });
    },
    trustTenant: async ({ body }) => {
      const fingerprint = await trustTenant(ledger, send, body.fingerprint);
      const message = `trusted ${fingerprint} for the tenant's cloud-only users`;
      return done('trustTenant', 'readAgain', { message });
    },
    acceptUser: ({ body }) => done('acceptUser', 'readAgain', acceptUser(ledger, body.anchor, body.forest)),
    blockUser: async ({ body }) => done('blockUser', 'wake', await block(at, body)),
    unblockUser: async ({ body }) => done('unblockUser', 'wake', await unblock(at, body)),
    repairUser: ({ body }) => done('repairUser', 'wake', repairUser(ledger, body)),
    deleteUnclaimed: ({ body }) => done('deleteUnclaimed', 'wake', deleteUnclaimed(ledger, body.forest)),
    register: async ({ body }) => {
      await at.register(body);
      running?.log({ realm }, 'registered with the tenant');
      running?.readAgain();
      return {};
    },
    listNames: () => listNames(ledger),
    getName: ({ params }) => readName(ledger, realm, params.name),
    freeName: ({ body }) => done('freeName', 'wake', freeName(ledger, realm, body.name)),
    giveName: ({ body }) => done('giveName', 'wake', giveName(ledger, realm, body)),
    listAdministrators: () => ({ administrators: listAdministrators(ledger) }),
    findCandidate: ({ query }) => findCandidate(ledger, query),
    acceptAdministrator: ({ body }) => done('acceptAdministrator', 'wake', acceptAdministrator(ledger, body)),
    removeAdministrator: ({ body }) => done('removeAdministrator', 'wake', removeAdministrator(ledger, body)),
    listHeld: ({ query }) => ({ lists: listHeld(ledger, query.operation, query.forest) }),
    listSids: () => listSids(ledger, at.onPremisesSids),
    confirmSid: async ({ body }) => decided('confirmSid', body.sid, await confirmSid(at, body)),
    unconfirmSid: ({ body }) => decided('unconfirmSid', body.sid, unconfirmSid(ledger, body)),
    getHeld: ({ params }) => getHeld(ledger, params.digest),
    approveHeld: ({ params, body }) => {
      const approved = approveHeld(ledger, params.digest, body.operation);
      const { digest, count } = approved;
      running?.log({ digest, count }, 'a list that waited is approved');
      running?.[body.operation === 'create' ? 'readAgain' : 'wake']();
      return approved;
    },
  };
}
