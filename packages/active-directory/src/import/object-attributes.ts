import type { AttributeShape } from './attribute-shape.ts';
import { GROUP_ATTRIBUTES, GROUP_FILTER } from './group-attributes.ts';
import { USER_ATTRIBUTES, USER_FILTER } from './user-attributes.ts';

/** The parent of an object ([MS-ADA3] 2.82): a constructed attribute, which DirSync sends for every object that moved. */
const parentGUID = { form: 'guid' } as const satisfies AttributeShape;

/** What an import reads. Users and groups share one cookie, because a change of a user's primary group changes both. */
export const OBJECT_ATTRIBUTES = { ...USER_ATTRIBUTES, ...GROUP_ATTRIBUTES, parentGUID } as const;

/** Classes of the containers of users and groups. */
const CONTAINER_CLASSES = [
  'organizationalUnit',
  'container',
  'builtinDomain',
  'lostAndFound',
  'domainDNS',
] as const;

const CONTAINERS: ReadonlySet<string> = new Set(CONTAINER_CLASSES.map(name => name.toLowerCase()));

/** @param objectClass of an object; a delta has none for a known one */
export const isContainer = (objectClass: readonly string[]): boolean =>
  objectClass.some(name => CONTAINERS.has(name.toLowerCase()));

export const CONTAINER_FILTER = `(|${CONTAINER_CLASSES.map(name => `(objectClass=${name})`).join('')})`;

export const OBJECT_FILTER = `(|${USER_FILTER}${GROUP_FILTER}${CONTAINER_FILTER})`;
