import { ACL_REVISION_DS, type Ace, AceType, type Acl, type Sid } from '@causeway/wire';

/** Access rights ([MS-DTYP] 2.5.1.1, [MS-ADTS] 5.1.3.2), two letters each. */
const RIGHTS: Readonly<Record<string, number>> = {
  CC: 0x1,
  DC: 0x2,
  LC: 0x4,
  SW: 0x8,
  RP: 0x10,
  WP: 0x20,
  DT: 0x40,
  LO: 0x80,
  CR: 0x100,
  SD: 0x1_0000,
  RC: 0x2_0000,
  WD: 0x4_0000,
  WO: 0x8_0000,
  GA: 0x1000_0000,
};
const TYPES: Readonly<Record<string, AceType>> = {
  A: AceType.allow,
  D: AceType.deny,
  OA: AceType.allowObject,
  OD: AceType.denyObject,
};
/** Names of SIDs ([MS-DTYP] 2.5.1.1): whole ones, and RIDs in the domain. */
const SIDS: Readonly<Record<string, Sid>> = {
  WD: 'S-1-1-0',
  CO: 'S-1-3-0',
  ED: 'S-1-5-9',
  PS: 'S-1-5-10',
  AU: 'S-1-5-11',
  SY: 'S-1-5-18',
  BA: 'S-1-5-32-544',
  AO: 'S-1-5-32-548',
  RU: 'S-1-5-32-554',
};
const DOMAIN_RIDS: Readonly<Record<string, number>> = {
  DA: 512,
  DU: 513,
  CA: 517,
  SA: 518,
  EA: 519,
  RS: 553,
};
const MAX_SDDL_LENGTH = 65_536;

/**
 * Parses the access list of a class's defaultSecurityDescriptor ([MS-DTYP] 2.5.1). It applies to the object alone, so it has no inheritance
 * flags.
 * @param domainSid without a RID
 * @throws Error naming the entry that is not understood
 */
export function parseDefaultDacl(sddl: string, domainSid: Sid): Acl {
  const list = /D:[A-Z]*((?:\([^()]*\))*)/.exec(sddl.slice(0, MAX_SDDL_LENGTH))?.[1];
  if (list === undefined) throw new Error('an access list (D:) expected in a default security descriptor');
  const aces = Array.from(list.matchAll(/\(([^()]*)\)/g), ([, text]) => parseAce(text!, domainSid));
  return { revision: ACL_REVISION_DS, aces };
}

function parseAce(text: string, domainSid: Sid): Ace {
  const [type, flags, rights, objectType, inheritedType, trustee, ...rest] = text.split(';');
  const wrong = () =>
    new Error(`access entry '(${text})' of a default security descriptor is not understood`);
  const known = type === undefined ? undefined : TYPES[type];
  if (known === undefined || flags !== '' || inheritedType !== '' || rest.length > 0) throw wrong();
  const rid = DOMAIN_RIDS[trustee!];
  const sid = rid === undefined ? (SIDS[trustee!] ?? trustee!) : `${domainSid}-${rid}`;
  if (!/^S-1-\d+(-\d+)+$/.test(sid) || !/^([A-Z]{2})+$/.test(rights!)) throw wrong();
  let mask = 0;
  for (const [right] of rights!.matchAll(/../g)) {
    const bit = RIGHTS[right];
    if (bit === undefined) throw wrong();
    mask |= bit;
  }
  return { type: known, flags: 0, mask, ...(objectType && { objectType: objectType.toLowerCase() }), sid };
}
