import { ACCOUNT } from './account.ts';
import { CREDENTIAL } from './credential.ts';
import { GROUP } from './group.ts';
import { HEAD } from './head.ts';
import { MEMBERS } from './members.ts';
import { RECEIPT } from './receipt.ts';
import { WITHDRAWAL } from './withdrawal.ts';

/** Statements about one user. */
export const RECORDS = [ACCOUNT, CREDENTIAL, WITHDRAWAL] as const;
/** Statements about one group. */
export const GROUP_RECORDS = [GROUP, MEMBERS] as const;
/** Statements about a whole forest: by its Connect, and by the managed domain in answer. */
export const STATEMENTS = [HEAD, RECEIPT] as const;
/** Every signed kind. */
export const KINDS = [...RECORDS, ...GROUP_RECORDS, ...STATEMENTS] as const;

export type AnyKind = (typeof KINDS)[number];
export type RecordKind = (typeof RECORDS)[number]['name'];
