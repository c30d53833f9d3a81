export { partsOf, signedBy, trusting, withPart } from './fixtures.ts';
export {
  FIRST_GROUP_RECEIPT,
  GROUP,
  GROUP_ENTRIES,
  GROUP_HEAD,
  GROUP_RECEIPT,
  MEMBERS,
  numberedGroup,
  signedGroup,
  signedMembers,
  signedSlices,
} from './groups.ts';
export { type Hostile, hostileGroups, hostileMembers } from './hostile.ts';
