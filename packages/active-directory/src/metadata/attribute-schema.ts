import { filterEscape, type LdapConnection, readRootDse, textOf } from '@causeway/ldap';

/** An attribute's definition in the schema ([MS-ADTS] 3.1.1.2.3). */
export interface AttributeSchema {
  /** Its name as the schema writes it. */
  readonly lDAPDisplayName: string;
  readonly attributeSyntax: string;
  readonly systemFlags: number;
  readonly searchFlags: number;
  /** Of a link: even for a forward link, odd for a back link. */
  readonly linkID: number | undefined;
}

/** [MS-ADTS] 2.2.9 and 2.2.10. */
const FLAG_ATTR_NOT_REPLICATED = 0x1;
const FLAG_ATTR_IS_CONSTRUCTED = 0x4;
const CONFIDENTIAL = 0x80;

/** Syntaxes whose values LDAP writes as text ([MS-ADTS] 3.1.1.2.2.2): strings, numbers, booleans, times. */
const TEXT: ReadonlySet<string> = new Set(
  ['4', '5', '6', '8', '9', '11', '12', '16'].map(last => `2.5.5.${last}`),
);

const ATTRIBUTES = ['lDAPDisplayName', 'attributeSyntax', 'systemFlags', 'searchFlags', 'linkID'] as const;

/** Attributes of the forest's schema, by their names in lower case. Leaves out those that the schema does not know. */
export async function readAttributeSchema(
  connection: LdapConnection,
  names: readonly string[],
): Promise<ReadonlyMap<string, AttributeSchema>> {
  const { configurationNamingContext } = await readRootDse(connection);
  const named = names.map(name => `(lDAPDisplayName=${filterEscape(name)})`).join('');
  const found = await connection.search(`CN=Schema,${configurationNamingContext}`, {
    filter: `(&(objectClass=attributeSchema)(|${named}))`,
    attributes: [...ATTRIBUTES],
  });
  return new Map(
    found.map(entry => {
      const number = (name: (typeof ATTRIBUTES)[number]) => Number(textOf(entry, name) ?? 0);
      const lDAPDisplayName = textOf(entry, 'lDAPDisplayName') ?? '';
      return [
        lDAPDisplayName.toLowerCase(),
        {
          ...{ lDAPDisplayName, attributeSyntax: textOf(entry, 'attributeSyntax') ?? '' },
          ...{ systemFlags: number('systemFlags'), searchFlags: number('searchFlags') },
          linkID: textOf(entry, 'linkID') === undefined ? undefined : number('linkID'),
        },
      ];
    }),
  );
}

/** Why a condition cannot use an attribute; undefined: it can. An import brings replicated attributes, as text, and no links. */
export function whyNoCondition(
  name: string,
  schema: ReadonlyMap<string, AttributeSchema>,
): string | undefined {
  const known = schema.get(name.toLowerCase());
  if (known === undefined) return `the schema knows no attribute '${name}'`;
  const { lDAPDisplayName, attributeSyntax, systemFlags, searchFlags, linkID } = known;
  if (lDAPDisplayName !== name) return `'${name}' is written '${lDAPDisplayName}' in the schema: write it so`;
  if (linkID !== undefined && linkID % 2 === 1)
    return `'${name}' is a back link, which changes with other objects: use groups or containers`;
  if (linkID !== undefined) return `'${name}' is a link: use groups or containers`;
  if ((systemFlags & FLAG_ATTR_IS_CONSTRUCTED) !== 0)
    return `'${name}' is constructed, so no change of it is ever told`;
  if ((systemFlags & FLAG_ATTR_NOT_REPLICATED) !== 0)
    return `'${name}' is not replicated: domain controllers differ in it`;
  if ((searchFlags & CONFIDENTIAL) !== 0) return `'${name}' is confidential, so an import does not show it`;
  if (!TEXT.has(attributeSyntax)) return `'${name}' has no values of text, number, boolean or time`;
  return undefined;
}
