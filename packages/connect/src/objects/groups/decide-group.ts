import { type GroupScope, NULL_SID } from '@causeway/records';
import type { SpaceObject, StoredAttributes } from '../../store/space-object.ts';
import { first } from '../attributes.ts';

/** A group as the tenant should have it. */
export interface Group {
  sAMAccountName: string | null;
  displayName: string | null;
  mail: string | null;
  objectSid: string;
  securityEnabled: boolean;
  scope: GroupScope;
}

export type GroupDecision = { inScope: true; group: Group } | { inScope: false; reason: string };

type GroupObject = Pick<SpaceObject, 'dn' | 'attributes' | 'deleted'>;

/** Bits of `groupType` ([MS-ADTS] 2.2.12). */
const BUILTIN = 0x1;
const SECURITY_ENABLED = 0x8000_0000;
const SCOPES: ReadonlyMap<number, GroupScope> = new Map([
  [0x2, 'global'],
  [0x4, 'domain-local'],
  [0x8, 'universal'],
]);
/** The bits of all scopes, and of application groups, which have no scope. */
const KINDS = 0x3e;

/** A group that the original creates for Exchange and leaves out. */
const COEXISTENCE = 'msol_ad_sync_richcoexistence';

/**
 * Whether a group is synchronized, and as what. Follows the original's rules "In from AD - Group Join" and "Group Common".
 *
 * @param wasExported the tenant has it: a distribution group that loses its mail is not deleted
 */
export function decideGroup(object: GroupObject, wasExported: boolean): GroupDecision {
  const reason = whyOutOfScope(object, wasExported);
  return reason === undefined
    ? { inScope: true, group: groupOf(object.attributes) }
    : { inScope: false, reason };
}

/** The group that the attributes describe. For one that is no longer synchronized, the group as it was last known. */
export function groupOf(a: StoredAttributes): Group {
  const type = groupType(a) ?? 0;
  return {
    sAMAccountName: first(a, 'sAMAccountName') ?? null,
    displayName: first(a, 'displayName') ?? first(a, 'cn') ?? null,
    mail: first(a, 'mail') ?? null,
    objectSid: first(a, 'objectSid') ?? NULL_SID,
    securityEnabled: isSecurityEnabled(type),
    scope: SCOPES.get(type & KINDS) ?? 'global',
  };
}

function whyOutOfScope(
  { attributes: a, dn, deleted }: GroupObject,
  wasExported: boolean,
): string | undefined {
  const type = groupType(a);
  if (deleted) return 'deleted in the directory';
  if (/\\0ACNF:|\nCNF:/i.test(dn)) return 'a replication conflict';
  if (first(a, 'isCriticalSystemObject')?.toUpperCase() === 'TRUE') return 'a critical system object';
  const sid = first(a, 'objectSid');
  if (sid === undefined) return 'without objectSid';
  if (type === undefined) return 'without a groupType that can be read';
  if ((type & BUILTIN) !== 0 || isBuiltinSid(sid)) return 'a builtin group';
  if (!SCOPES.has(type & KINDS)) return 'not a global, domain local or universal group (groupType)';
  if (first(a, 'sAMAccountName')?.toLowerCase() === COEXISTENCE)
    return 'the group MSOL_AD_Sync_RichCoexistence';
  if (first(a, 'adminDescription')?.startsWith('Group_')) return "adminDescription starts with 'Group_'";
  if (!isSecurityEnabled(type) && !wasExported && !hasMail(a)) return 'a distribution group without mail';
  return undefined;
}

/** Whether the SID is of a builtin group, which is the same in every domain ([MS-DTYP] 2.4.2.4, BUILTIN_*). */
export const isBuiltinSid = (sid: string): boolean => sid.startsWith('S-1-5-32-');

const isSecurityEnabled = (type: number): boolean => (type & SECURITY_ENABLED) !== 0;

/** Whether one of its addresses is an SMTP address. If it has no addresses, `mail` counts as one. */
function hasMail(a: StoredAttributes): boolean {
  const addresses = [a.proxyAddresses ?? []].flat();
  if (addresses.length > 0) return addresses.some(address => /^smtp:/i.test(address));
  return first(a, 'mail') !== undefined;
}

/** A signed number of 32 bits in decimal. */
function groupType(a: StoredAttributes): number | undefined {
  const value = first(a, 'groupType');
  return value !== undefined && /^-?\d{1,10}$/.test(value) ? Number(value) : undefined;
}
