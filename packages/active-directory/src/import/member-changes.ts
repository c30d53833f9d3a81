import type { Guid } from '@causeway/wire';

/** A value of `member`, by its extended name ([MS-ADTS] 3.1.1.3.4.1.5). One without GUID and SID says a name only. */
export interface MemberValue {
  guid: Guid | null;
  sid: string | null;
  dn: string;
}

/** What a delta says of the members of a group. An entry's removals come before its additions. */
export interface MemberChanges {
  added: MemberValue[];
  removed: MemberValue[];
  /** There is more to know than stands here, and the list is to be read. */
  isWhole: boolean;
}
