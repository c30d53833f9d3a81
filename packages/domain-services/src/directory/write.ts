import type { Values } from './attributes.ts';

/** A new object. */
export interface Add {
  kind: 'add';
  dn: string;
  values: Values;
}

/** One change in the managed domain's directory. Values may be secret: they are wiped afterwards. */
export type Write =
  | Add
  /** By the objectGUID in our own map, whatever the account is called now. */
  | { kind: 'modify'; guid: string; values: Values };

/** How one write ended. */
export type WriteResult =
  | { ok: true }
  | {
      ok: false;
      /** The account in our map no longer exists. */
      gone: boolean;
      /** The directory rejects a value, by its own rules or because another account has it. */
      refused?: boolean;
      reason: string;
    };
