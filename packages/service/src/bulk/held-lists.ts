import { table } from '../command-line.ts';
import type { BulkOperation } from './bulk-decision.ts';

type Words = Readonly<
  Record<'show' | 'showSays' | 'allowSays' | 'none' | 'would' | 'question' | 'what', string>
>;

interface Allowing {
  readonly delete: 'allow-deletes';
  readonly create: 'allow-creations';
  readonly rename: 'allow-renames';
}

/** The commands for lists that wait for an administrator, and their wording: the same for Connect and Domain Services. */
export const HELD_WORDS: { readonly [O in BulkOperation]: Words & { readonly allow: Allowing[O] } } = {
  delete: {
    show: 'deletions',
    allow: 'allow-deletes',
    showSays: 'list the deletions that wait for your approval, with the digest of the list',
    allowSays: 'approve the deletions of a list that you were shown, and no others',
    none: 'no deletion waits',
    would: 'would be deleted',
    question: 'Delete them?',
    what: 'deletions',
  },
  create: {
    show: 'creations',
    allow: 'allow-creations',
    showSays: 'list the new users that wait for your approval, with the digest of the list',
    allowSays: 'approve the new users of a list that you were shown, and no others',
    none: 'no new user waits',
    would: 'would be made',
    question: 'Make them?',
    what: 'new users',
  },
  rename: {
    show: 'renames',
    allow: 'allow-renames',
    showSays: 'list the renames that wait for your approval, with the digest of the list',
    allowSays: 'approve the renames of a list that you were shown, and no others',
    none: 'no new name waits',
    would: 'would be called otherwise',
    question: 'Rename them?',
    what: 'new names',
  },
};

/** The part of a waiting list that both have. */
export interface Held {
  readonly operation: BulkOperation;
  readonly count: number;
  readonly since: string;
  readonly ceased: number;
}

/**
 * The lines that show a list.
 * @param would what would happen to them; by default what the operation says
 * @param where the places in which it would happen
 * @param rows the first users of the list
 */
export function describeHeld(
  { operation, count, since, ceased }: Held,
  {
    scope,
    would = HELD_WORDS[operation].would,
    where,
    rows,
  }: { scope: string; would?: string; where: string; rows: string[][] },
): string[] {
  return [
    `${scope}: ${count} ${would} in ${where} (waiting since ${since})`,
    ...table(rows).map(line => `  ${line}`),
    ...(count > rows.length ? [`  and ${count - rows.length} more`] : []),
    ...(ceased > 0 ? [`  ${ceased} of the list do not hold any more and are left out`] : []),
  ];
}
