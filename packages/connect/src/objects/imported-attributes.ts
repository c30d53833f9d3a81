import { type AttributeShape, OBJECT_ATTRIBUTES } from '@causeway/active-directory';
import type { ConnectorContext } from '../context.ts';
import { compileRules, neededAttributes, type Rules } from '../scope/rules.ts';
import type { ConnectorStore } from '../store/store.ts';

export type ImportedAttributes = Readonly<Record<string, AttributeShape>>;

const KNOWN: ReadonlySet<string> = new Set(Object.keys(OBJECT_ATTRIBUTES).map(name => name.toLowerCase()));

/** What only some schemas have: Exchange brings it. */
const OF_SOME_SCHEMAS: ReadonlySet<string> = new Set(['mailnickname']);

/** What rules look at that a directory may not have. */
export const uncertainAttributes = (rules: Rules): string[] =>
  neededAttributes(rules).filter(name => {
    const key = name.toLowerCase();
    return !KNOWN.has(key) || OF_SOME_SCHEMAS.has(key);
  });

/** What rules look at that is not imported for everybody. */
export function furtherAttributes(rules: readonly Rules[]): string[] {
  const names = new Set(rules.flatMap(neededAttributes));
  return [...names].filter(name => !KNOWN.has(name.toLowerCase())).sort();
}

/** What is asked of a directory: what is always imported, and whatever else the conditions look at, those in force too. */
export function importedAttributes({ store, connector }: ConnectorContext): ImportedAttributes {
  const more = furtherAttributes([compileRules(connector), store.rules.get()]);
  return {
    ...OBJECT_ATTRIBUTES,
    ...Object.fromEntries(more.map(name => [name, { form: 'text', multiple: true } as const])),
  };
}

/** To be called with the end of a full import. */
export function noteImported(
  { cursors }: Pick<ConnectorStore, 'cursors'>,
  attributes: ImportedAttributes,
): void {
  cursors.set('imported-attributes', JSON.stringify(Object.keys(attributes)));
}

/** What rules look at and was not imported of everybody yet. */
export function notImported({ cursors }: Pick<ConnectorStore, 'cursors'>, rules: Rules): string[] {
  const text = cursors.get('imported-attributes');
  const imported = new Set((JSON.parse(text ?? '[]') as string[]).map(name => name.toLowerCase()));
  return neededAttributes(rules).filter(name => !imported.has(name.toLowerCase()));
}

/** Whether all that rules look at was imported of everybody. */
export const isImported = (store: Pick<ConnectorStore, 'cursors'>, rules: Rules): boolean =>
  notImported(store, rules).length === 0;
