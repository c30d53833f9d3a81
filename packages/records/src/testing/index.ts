export { partsOf, signedBy, trusting, withPart } from './fixtures.ts';
export { GROUP, MEMBERS, numberedGroup, signedGroup, signedMembers, signedSlices } from './groups.ts';
