import { ControlOid, decodeGuid, encodeGuid, parseExtendedDn } from '@causeway/ldap';
import {
  type AskedSearch,
  elementsOf,
  LdapPeer,
  type PeerAnswer,
  type PeerEntry,
  tlv,
} from '@causeway/ldap/testing';
import type { Guid } from '@causeway/wire';

export const NAMING_CONTEXT = 'DC=corp,DC=example,DC=com';
const INCREMENTAL = 0x8000_0000 | 0;

/** What a DirSync request asked for. */
export interface AskedDelta {
  flags: number;
  cookie: string;
  attributes: string[];
  extended: boolean;
}

/** A link's value by its extended name. */
export const member = (n: number, sid: string | null = `S-1-5-21-1-2-3-${1000 + n}`): string =>
  `<GUID=${memberGuid(n)}>;${sid === null ? '' : `<SID=${sid}>;`}CN=m${n},${NAMING_CONTEXT}`;
export const memberGuid = (n: number): Guid => `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`;
export const groupGuid = (n: number): Guid => `10000000-0000-0000-0000-${String(n).padStart(12, '0')}`;

/** A domain controller's LDAP with groups. Its limits are those of Windows, its DirSync answers are scripted. */
export class ScriptedGroups {
  /** Values of `member` by group, in extended names. */
  readonly lists = new Map<Guid, string[]>();
  /** Values of `memberOf` by object. */
  readonly memberOf = new Map<Guid, string[]>();
  /** What DirSync answers. */
  delta: (asked: AskedDelta) => PeerEntry[] = () => [];
  readonly deltas: AskedDelta[] = [];
  readonly ranges: { guid: Guid | undefined; asked: string }[] = [];
  /** MaxValRange. */
  maxRange = 1_500;
  knowsIncremental = true;
  knowsRanges = true;
  /** If true, a range behind the last value is an error instead of an empty one. */
  errorBehindEnd = false;
  badCookie: string | undefined;
  /** Called before each answer with values of one object, to act as an administrator meanwhile. */
  meanwhile: (guid: Guid, from: number) => void = () => {};
  usn = 1;
  #peer!: LdapPeer;

  static async listen(): Promise<ScriptedGroups> {
    const groups = new ScriptedGroups();
    groups.#peer = await LdapPeer.listen(asked => groups.#answer(asked));
    return groups;
  }

  connect(): ReturnType<LdapPeer['connect']> {
    return this.#peer.connect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#peer[Symbol.asyncDispose]();
  }

  #answer(asked: AskedSearch): PeerAnswer {
    const dirSync = asked.controls.get(ControlOid.dirSync);
    if (dirSync) return this.#answerDirSync(asked, dirSync);
    if (asked.base !== NAMING_CONTEXT) return { entries: [{ dn: 'CN=dc', attributes: this.#self() }] };
    const [attribute = '', option = ''] = asked.attributes.find(name => name.includes(';'))!.split(/(?=;)/);
    const lists = attribute === 'memberOf' ? this.memberOf : this.lists;
    const named = asked.compared.get('objectguid')?.map(bytes => decodeGuid(bytes));
    const guids = [...lists.keys()].filter(guid => named?.includes(guid) ?? true);
    const { from, to, controls } = page(asked, guids.length);
    const one = named?.length === 1 ? named[0] : undefined;
    this.ranges.push({ guid: one, asked: attribute + option });
    const [, first = '', last = ''] = /^;range=(\d+)-(\d+|\*)$/.exec(option) ?? [];
    const entries: PeerEntry[] = [];
    for (const guid of guids.slice(from, to)) {
      if (one) this.meanwhile(guid, Number(first));
      const all = lists.get(guid)!;
      if (this.errorBehindEnd && Number(first) > 0 && Number(first) >= all.length) return { code: 1 };
      const values: Record<string, string[]> = this.knowsRanges
        ? this.#cut(attribute, all, Number(first), last)
        : { [attribute]: all };
      if (!asked.controls.has(ControlOid.extendedDn))
        for (const [name, names] of Object.entries(values)) values[name] = names.map(plain);
      entries.push({
        dn: `CN=${guid},${NAMING_CONTEXT}`,
        attributes: { objectGUID: [encodeGuid(guid)], ...values },
      });
    }
    return { entries, controls };
  }

  /** As Windows does: never more than its limit, and an empty attribute beside the range if there is more. */
  #cut(attribute: string, all: string[], first: number, last: string): Record<string, string[]> {
    if (all.length === 0) return {};
    const end = Math.min(last === '*' ? all.length : Number(last) + 1, first + this.maxRange);
    if (first >= all.length) return { [`${attribute};range=${first}-*`]: [] };
    const values = all.slice(first, end);
    if (end >= all.length) return { [`${attribute};range=${first}-*`]: values };
    return { [`${attribute};range=${first}-${end - 1}`]: values, [attribute]: [] };
  }

  #answerDirSync({ attributes, controls }: AskedSearch, value: Buffer): PeerAnswer {
    const [flagBytes, , cookieBytes] = elementsOf(value);
    const flags = flagBytes!.readIntBE(0, flagBytes!.length);
    const cookie = cookieBytes!.toString();
    const asked = { flags, cookie, attributes, extended: controls.has(ControlOid.extendedDn) };
    this.deltas.push(asked);
    if ((flags & INCREMENTAL) !== 0 && !this.knowsIncremental) return { code: 12 };
    if (cookie !== '' && cookie === this.badCookie) return { code: 12 };
    const answer = tlv(
      0x30,
      tlv(2, Buffer.of(0)),
      tlv(2, Buffer.of(0)),
      tlv(4, `cookie-${this.deltas.length}`),
    );
    return { entries: this.delta(asked), controls: { [ControlOid.dirSync]: answer } };
  }

  #self(): Record<string, (string | Buffer)[]> {
    return {
      defaultNamingContext: [NAMING_CONTEXT],
      configurationNamingContext: [`CN=Configuration,${NAMING_CONTEXT}`],
      rootDomainNamingContext: [NAMING_CONTEXT],
      dsServiceName: ['CN=NTDS Settings,CN=DC1'],
      dnsHostName: ['dc1.corp.example.com'],
      highestCommittedUSN: [String(this.usn)],
      invocationId: [Buffer.alloc(16, 7)],
    };
  }
}

const plain = (value: string): string => {
  try {
    return parseExtendedDn(value).dn;
  } catch {
    return value;
  }
};

/** The requested page (RFC 2696), and the control that tells where the next one begins. */
function page(
  { controls }: AskedSearch,
  total: number,
): { from: number; to: number; controls: Record<string, Buffer> } {
  const asked = controls.get(ControlOid.pagedResults);
  if (!asked) return { from: 0, to: total, controls: {} };
  const [sizeBytes, cookie] = elementsOf(asked);
  const size = sizeBytes!.readUIntBE(0, sizeBytes!.length);
  const from = Number(cookie!.toString() || 0);
  const to = from + size;
  const next = to < total ? String(to) : '';
  const value = tlv(0x30, tlv(2, Buffer.of(0)), tlv(4, next));
  return { from, to, controls: { [ControlOid.pagedResults]: value } };
}
