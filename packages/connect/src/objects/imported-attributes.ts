import { type AttributeShape, EXCHANGE_ATTRIBUTES, OBJECT_ATTRIBUTES } from '@causeway/active-directory';
import type { ConnectorContext } from '../context.ts';
import { neededAttributes, type Rules } from '../scope/rules.ts';
import type { ConnectorStore } from '../store/store.ts';
import { attributesOf } from './profile/flows.ts';
import { wantedRules } from './profile/whole-profiles.ts';

export type ImportedAttributes = Readonly<Record<string, AttributeShape>>;

const keysOf = (attributes: ImportedAttributes): ReadonlySet<string> =>
  new Set(Object.keys(attributes).map(name => name.toLowerCase()));
const KNOWN = keysOf(OBJECT_ATTRIBUTES);
const OF_EXCHANGE = keysOf(EXCHANGE_ATTRIBUTES);

const lookedAt = (rules: Rules): string[] => [
  ...neededAttributes(rules),
  ...(rules.profile ? attributesOf(rules.profile) : []),
];

/** Attributes that the rules look at and that are not imported for every object. */
export function furtherAttributes(rules: readonly Rules[]): string[] {
  const names = new Set(rules.flatMap(lookedAt));
  return [...names].filter(name => !KNOWN.has(name.toLowerCase())).sort();
}

/** Attributes that the rules need in the schema: those not imported for every object, and those that only Exchange adds. */
export function namedAttributes(rules: Rules): string[] {
  const conditions = neededAttributes(rules).filter(name => OF_EXCHANGE.has(name.toLowerCase()));
  return [...furtherAttributes([rules]), ...conditions];
}

/** The attributes to ask a directory for: those always imported, and those that wanted and present rules look at. */
export function importedAttributes(context: ConnectorContext): ImportedAttributes {
  const more = furtherAttributes([wantedRules(context), context.store.rules.get()]);
  return {
    ...OBJECT_ATTRIBUTES,
    ...Object.fromEntries(more.map(name => [name, { form: 'text', multiple: true } as const])),
  };
}

/** Call it at the end of a full import. */
export function noteImported(
  { cursors }: Pick<ConnectorStore, 'cursors'>,
  attributes: ImportedAttributes,
): void {
  cursors.set('imported-attributes', JSON.stringify(Object.keys(attributes)));
}

/** Attributes that the rules look at and that were not imported for every object yet. */
export function notImported({ cursors }: Pick<ConnectorStore, 'cursors'>, rules: Rules): string[] {
  const text = cursors.get('imported-attributes');
  const imported = new Set((JSON.parse(text ?? '[]') as string[]).map(name => name.toLowerCase()));
  return lookedAt(rules).filter(name => !imported.has(name.toLowerCase()));
}

/** Whether every attribute that the rules look at was imported for every object. */
export const isImported = (store: Pick<ConnectorStore, 'cursors'>, rules: Rules): boolean =>
  notImported(store, rules).length === 0;
