import { GROUP_ATTRIBUTES, GROUP_FILTER } from './group-attributes.ts';
import { USER_ATTRIBUTES, USER_FILTER } from './user-attributes.ts';

/** What is imported: users and groups by one cookie, because a change of a user's primary group is a change of both. */
export const OBJECT_ATTRIBUTES = { ...USER_ATTRIBUTES, ...GROUP_ATTRIBUTES } as const;

export const OBJECT_FILTER = `(|${USER_FILTER}${GROUP_FILTER})`;
