import {
  DomainSidText,
  type Done,
  type FullTokens,
  type OnPremisesDomain,
  type OnPremisesSids,
} from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { DomainConfiguration } from '../configuration.ts';
import { nameOf } from '../ledger/held.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CountedTokens } from '../ledger/sids/token-book.ts';

/** Whether no administrator has decided yet which forest the SIDs belong to. */
export const isUndecided = ({ confirmedAt, declinedAt }: OnPremisesDomain): boolean =>
  confirmedAt === null && declinedAt == null;

export function listSids(ledger: Ledger, setting: DomainConfiguration['onPremisesSids']): OnPremisesSids {
  const { people, groups } = ledger.sids.counts();
  const fullTokens = readFullTokens(ledger);
  const domains = ledger.sids.domains();
  return { setting, ...people, groups, domains, ...(fullTokens && { fullTokens }) };
}

function readFullTokens(ledger: Ledger): FullTokens | undefined {
  const text = ledger.state.get('fullTokens');
  if (text === undefined) return undefined;
  const counted: CountedTokens = JSON.parse(text);
  const people = counted.people.map(one => {
    const entry = ledger.accounts.of(one);
    return { ...one, user: entry ? nameOf(entry) : one.anchor };
  });
  return { ...counted, people };
}

/**
 * Confirms which forest a domain's SID belongs to. A domain has one forest. Its SIDs grant rights on every server that was moved from it,
 * so no forest may bring SIDs of another domain, such as the local ones of a member machine.
 * @throws CausewayError 'bad-sid', 'own-sid' or 'other-forest-sid'
 */
export async function confirmSid(
  { ledger, domainSids }: { ledger: Ledger; domainSids: () => Promise<string[]> },
  { sid, forest: forestText }: { sid: string; forest: string },
): Promise<Done> {
  const forest = forestText.toLowerCase();
  check(sid);
  const taken = await domainSids();
  if (taken.includes(sid))
    throw new CausewayError(
      'own-sid',
      `${sid} is the managed domain's own, or that of a domain that it trusts: no forest brings SIDs of it`,
    );
  const other = ledger.sids.forestOf(sid);
  if (other !== undefined && other !== forest)
    throw new CausewayError(
      'other-forest-sid',
      `${sid} is confirmed as a domain of ${other}, and a domain has one forest\nIf it is ${forest}'s, take that back first:\n  causeway domain sids unconfirm ${sid}`,
    );
  decide(ledger, sid, forest, { action: 'confirm-sid', subject: sid, detail: `of ${forest}` });
  return {
    message: `${sid} is a domain of ${forest}: its people and groups have their on-premises SIDs here`,
  };
}

/** Takes a confirmation back, or records a no where nobody has answered yet. @throws CausewayError 'bad-sid' or 'no-such-sid' */
export function unconfirmSid(ledger: Ledger, { sid }: { sid: string }): Done {
  check(sid);
  if (!ledger.sids.domains().some(known => known.sid === sid))
    throw new CausewayError('no-such-sid', `nobody has confirmed ${sid}, and no forest brings it`);
  decide(ledger, sid, undefined, { action: 'unconfirm-sid', subject: sid, detail: '' });
  return { message: `on-premises SIDs of ${sid} open nothing here any more` };
}

/** Restarts the feed where several forests bring the domain's SIDs: the decision changes which of their users are refused. */
function decide(
  ledger: Ledger,
  sid: string,
  forest: string | undefined,
  said: Parameters<Ledger['audit']['add']>[0],
): void {
  ledger.transaction(() => {
    ledger.confirmSid(sid, forest);
    if (ledger.sids.isContested(sid)) ledger.state.set('cursor', '');
    ledger.audit.add(said);
  });
}

function check(sid: string): void {
  if (DomainSidText.safeParse(sid).success) return;
  throw new CausewayError(
    'bad-sid',
    `the SID of a domain such as S-1-5-21-1004336348-1177238915-682003330 expected, got '${sid}'`,
  );
}
