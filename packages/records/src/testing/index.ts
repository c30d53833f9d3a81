export { partsOf, signedBy } from './fixtures.ts';
export { type Hostile, hostileGroups, hostileMembers } from './hostile.ts';
