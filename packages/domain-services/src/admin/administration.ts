import type { Send } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { z } from 'zod';
import { acceptAdministrator, removeAdministrator } from '../administrators/accept-administrator.ts';
import { onlyOne } from '../ledger/find-person.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { sidToAccept } from '../names/protected.ts';
import { trustTenant } from '../pairing/tenant-key.ts';
import { trustAgent, untrustAgent } from '../pairing/trust.ts';
import { block, unblock } from './block-commands.ts';
import type { At, Done } from './command-context.ts';
import { freeName, giveName } from './name-commands.ts';

const Name = z.string().min(1).max(1024);
const Forest = z.string().max(255);
const Reason = z.string().min(1).max(500);
/** `forest`: where several have the name or nobody is known by it; `by`: the user of the machine who runs the command. */
const WHOM = {
  user: Name,
  forest: Forest.optional(),
  by: z.string().max(256).optional(),
};

/** What an administrator may ask of the managed domain; the same whether its service runs or not. */
export const Command = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('trust-agent'), fingerprint: z.string(), forest: Forest }),
  z.strictObject({
    command: z.literal('untrust-agent'),
    fingerprint: z.string(),
    forest: Forest.optional(),
  }),
  z.strictObject({ command: z.literal('trust-tenant'), fingerprint: z.string() }),
  z.strictObject({ command: z.literal('accept'), anchor: z.string(), forest: Forest.optional() }),
  z.strictObject({ command: z.literal('free-name'), name: Name }),
  z.strictObject({
    command: z.literal('give-name'),
    name: Name,
    user: z.string(),
    forest: Forest.optional(),
    confirmed: z.boolean(),
  }),
  z.strictObject({
    ...{ command: z.literal('accept-administrator'), forest: Forest, anchor: z.string() },
    ...{ objectGuid: z.string(), cloudOnly: z.boolean() },
  }),
  z.strictObject({ command: z.literal('remove-administrator'), user: Name, forest: Forest.optional() }),
  z.strictObject({ command: z.literal('block'), ...WHOM, reason: Reason.optional() }),
  z.strictObject({ command: z.literal('unblock'), ...WHOM }),
]);
export type Command = z.infer<typeof Command>;

/** Carries a command out and says what was done. Every one is in the audit trail. */
export async function execute(at: At, send: Send, command: Command): Promise<Done> {
  const { ledger, realm } = at;
  switch (command.command) {
    case 'trust-agent': {
      const { fingerprint, forest } = await trustAgent(ledger, send, command.fingerprint, command.forest);
      return { message: `trusted ${fingerprint} for forest ${forest}` };
    }
    case 'untrust-agent': {
      const agents = untrustAgent(ledger, command.fingerprint, command.forest);
      return {
        message: agents.map(a => `${a.fingerprint} is not trusted for ${a.forest} any more`).join('; '),
      };
    }
    case 'trust-tenant': {
      const fingerprint = await trustTenant(ledger, send, command.fingerprint);
      return { message: `trusted ${fingerprint} for the tenant's cloud-only users` };
    }
    case 'accept':
      return accept(ledger, command.anchor, command.forest);
    case 'free-name':
      return freeName(ledger, realm, command.name);
    case 'give-name':
      return giveName(ledger, realm, command);
    case 'accept-administrator':
      return acceptAdministrator(ledger, command);
    case 'remove-administrator':
      return removeAdministrator(ledger, command);
    case 'block':
      return block(at, command);
    case 'unblock':
      return unblock(at, command);
  }
}

/**
 * Accepts exactly what was shown: the moved anchor, the SID or the older password of the record that waits.
 * @throws CausewayError 'nothing-to-accept', or 'several-forests' for an anchor that does not say enough
 */
function accept(ledger: Ledger, anchor: string, forest?: string): { message: string } {
  const acceptables = ledger.problemsWithAnchor(anchor).filter(({ acceptable }) => acceptable !== null);
  const known = [...ledger.withAnchor(anchor), ...acceptables];
  const person = onlyOne([...new Map(known.map(one => [one.forest, one])).values()], forest);
  const entry = person && ledger.entry(person);
  // A moved anchor comes first: the password's order begins anew with it.
  const waiting = acceptables
    .filter(problem => problem.forest === person?.forest)
    .sort((a, b) => a.kind.localeCompare(b.kind))[0];
  const acceptable = waiting?.acceptable ?? '';
  const sid = sidToAccept(acceptable);
  if (!waiting || !(sid ?? entry)) {
    const whose = `'${anchor}'${forest === undefined ? '' : ` of ${forest}`}`;
    throw new CausewayError('nothing-to-accept', `nothing of ${whose} waits to be accepted`, { status: 404 });
  }
  ledger.transaction(() => {
    // A SID is the forest's: what is accepted for one of its users holds for all of them.
    if (sid) ledger.pinSid(sid.domainSid, sid.forest, ledger.timestamp());
    else if (entry) ledger.save({ ...entry, accepted: acceptable });
    ledger.setState('cursor', '');
    const detail = `of ${waiting.forest}: ${waiting.code}: ${acceptable}`;
    ledger.audit({ action: 'accept', subject: anchor, detail });
  });
  return { message: `accepted for '${anchor}' of ${waiting.forest}: ${waiting.code}, ${acceptable}` };
}
