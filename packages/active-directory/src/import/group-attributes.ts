import { type AttributeShape, text } from './attribute-shape.ts';

/** What an import reads of a group ([MS-ADSC] 2.53), except its members. */
export const GROUP_ATTRIBUTES = {
  sAMAccountName: text,
  objectSid: { form: 'sid' },
  /** Signed bits of [MS-ADTS] 2.2.12. */
  groupType: text,
  /** DirSync never sends the attribute that names an object. */
  cn: { form: 'text', sentAs: 'name' },
  displayName: text,
  mail: text,
  proxyAddresses: { form: 'text', multiple: true },
  /** Starts with `Group_` on groups that a cloud wrote back: never synchronized. */
  adminDescription: text,
  /** `TRUE` on builtin and default groups: never synchronized. */
  isCriticalSystemObject: text,
} as const satisfies Record<string, AttributeShape>;

/** Groups, including deleted ones. */
export const GROUP_FILTER = '(objectClass=group)';
