import { baseDn, type DomainLayout, runTool } from '@causeway/samba';
import { type Attributes, type Change, renderLdif } from './ldif.ts';
import type { LabDomain } from './table.ts';

interface ExchangeAttribute {
  readonly cn: string;
  readonly lDAPDisplayName: string;
  readonly attributeID: string;
  readonly rangeUpper: number;
}

/** Below Microsoft's arc for attributes. */
const ATTRIBUTE_ARC = '1.2.840.113556.1.2';

const extension = (number: number): ExchangeAttribute => ({
  cn: `ms-Exch-Extension-Attribute-${number}`,
  lDAPDisplayName: `extensionAttribute${number}`,
  attributeID: `${ATTRIBUTE_ARC}.${number <= 10 ? 422 + number : 588 + number}`,
  rangeUpper: number <= 10 ? 1024 : 2048,
});

/** Attributes that Exchange adds to Active Directory, as Exchange's schema reference gives them. */
export const EXCHANGE_ATTRIBUTES: readonly ExchangeAttribute[] = [
  {
    cn: 'ms-Exch-Mail-Nickname',
    lDAPDisplayName: 'mailNickname',
    attributeID: `${ATTRIBUTE_ARC}.447`,
    rangeUpper: 64,
  },
  ...Array.from({ length: 15 }, (_, index) => extension(index + 1)),
];

/** Adds Exchange's attributes to the schema of a domain, running or not. Existing ones stay. */
export async function extendSchemaByExchange(domain: LabDomain, layout: DomainLayout): Promise<void> {
  const schemaDn = `CN=Schema,CN=Configuration,${baseDn(domain)}`;
  const [last] = EXCHANGE_ATTRIBUTES.slice(-1);
  if (await allows(layout, schemaDn, last!.lDAPDisplayName)) return;
  await change(
    layout,
    EXCHANGE_ATTRIBUTES.map(attribute => attributeSchema(schemaDn, attribute)),
  );
  // An auxiliary class of users, inetOrgPersons and groups ([MS-ADSC] 2.112).
  const mayContain = EXCHANGE_ATTRIBUTES.map(({ lDAPDisplayName }) => lDAPDisplayName);
  await change(layout, [{ dn: mailRecipient(schemaDn), change: 'modify', add: { mayContain } }]);
}

const mailRecipient = (schemaDn: string): string => `CN=Mail-Recipient,${schemaDn}`;

/** Whether users may have an attribute. That is written last of all. */
async function allows(layout: DomainLayout, schemaDn: string, attribute: string): Promise<boolean> {
  const place = ['-b', mailRecipient(schemaDn), '-s', 'base'];
  const found = await runTool('ldbsearch', ['-H', layout.samLdb, ...place, 'mayContain']);
  return found.split('\n').includes(`mayContain: ${attribute}`);
}

function attributeSchema(schemaDn: string, { cn, ...attribute }: ExchangeAttribute): Change {
  const attributes: Attributes = {
    objectClass: ['top', 'attributeSchema'],
    cn: [cn],
    lDAPDisplayName: [attribute.lDAPDisplayName],
    attributeID: [attribute.attributeID],
    // A single Unicode string.
    attributeSyntax: ['2.5.5.12'],
    oMSyntax: ['64'],
    isSingleValued: ['TRUE'],
    rangeLower: ['1'],
    rangeUpper: [String(attribute.rangeUpper)],
  };
  return { dn: `CN=${cn},${schemaDn}`, change: 'add', attributes };
}

/** Samba refuses to change its schema unless a setting allows this change. */
const change = (layout: DomainLayout, changes: Change[]): Promise<string> =>
  runTool(
    'ldbmodify',
    ['-H', layout.samLdb, `--configfile=${layout.smbConf}`, '--option=dsdb:schema update allowed=true'],
    { input: renderLdif(changes) },
  );
