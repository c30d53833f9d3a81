import type { Values } from './attributes.ts';

/** A new object. */
export interface Add {
  kind: 'add';
  dn: string;
  values: Values;
}

/** One change in the managed domain's directory. Values may be secret: they are wiped when it is done. */
export type Write =
  | Add
  /** By objectGUID of our own map, whatever the account is called by now. */
  | { kind: 'modify'; guid: string; values: Values };

/** How one write ended. */
export type WriteResult =
  | { ok: true }
  | {
      ok: false;
      /** The account that our map names is not there any more. */
      gone: boolean;
      /** The directory does not take a value, because another account has it, or by its own rules. */
      refused?: boolean;
      reason: string;
    };
