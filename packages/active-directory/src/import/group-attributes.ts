import { type AttributeShape, text } from './attribute-shape.ts';

/** What is imported of a group ([MS-ADSC] 2.53), but for its members. */
export const GROUP_ATTRIBUTES = {
  sAMAccountName: text,
  objectSid: { form: 'sid' },
  /** Signed bits of [MS-ADTS] 2.2.12. */
  groupType: text,
  /** DirSync never sends the attribute that an object is named by. */
  cn: { form: 'text', sentAs: 'name' },
  displayName: text,
  mail: text,
  proxyAddresses: { form: 'text', multiple: true },
  /** Begins with `Group_` on groups that a cloud wrote back: never synchronized. */
  adminDescription: text,
  /** `TRUE` on builtin and default groups: never synchronized. */
  isCriticalSystemObject: text,
} as const satisfies Record<string, AttributeShape>;

/** Groups, also deleted ones. */
export const GROUP_FILTER = '(objectClass=group)';
