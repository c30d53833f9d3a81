import { DomainSidText, type Done, type OnPremisesSids } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { DomainConfiguration } from '../configuration.ts';
import type { Ledger } from '../ledger/ledger.ts';

export function listSids(ledger: Ledger, setting: DomainConfiguration['onPremisesSids']): OnPremisesSids {
  return { setting, ...ledger.shadows.counts(), domains: ledger.shadows.domains() };
}

/**
 * Confirms whose a domain's SID is. A domain has one forest; its SIDs are rights on whatever was lifted from it, so no forest may name
 * those of another domain: the local ones of a member machine, say.
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
      { status: 409 },
    );
  const other = ledger.sids.forestOf(sid);
  if (other !== undefined && other !== forest)
    throw new CausewayError(
      'other-forest-sid',
      `${sid} is a domain of ${other}: for ${forest} it is confirmed only once one of its people is accepted with it (causeway domain status, causeway domain accept)`,
      { status: 409 },
    );
  ledger.transaction(() => {
    ledger.shadows.confirm(sid, forest, ledger.timestamp());
    ledger.audit.add({ action: 'confirm-sid', subject: sid, detail: `of ${forest}` });
  });
  return { message: `${sid} is a domain of ${forest}: its people have their on-premises SIDs here` };
}

/** @throws CausewayError 'bad-sid' or 'unknown-sid' */
export function unconfirmSid(ledger: Ledger, { sid }: { sid: string }): Done {
  check(sid);
  if (!ledger.shadows.domains().some(known => known.sid === sid && known.confirmedAt !== null))
    throw new CausewayError('unknown-sid', `nobody has confirmed ${sid}`, { status: 404 });
  ledger.transaction(() => {
    ledger.shadows.unconfirm(sid);
    ledger.audit.add({ action: 'unconfirm-sid', subject: sid, detail: '' });
  });
  return { message: `on-premises SIDs of ${sid} open nothing here any more` };
}

function check(sid: string): void {
  if (DomainSidText.safeParse(sid).success) return;
  throw new CausewayError(
    'bad-sid',
    `the SID of a domain such as S-1-5-21-1004336348-1177238915-682003330 expected, got '${sid}'`,
  );
}
