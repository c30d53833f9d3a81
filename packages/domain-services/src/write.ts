import type { Values } from './attributes.ts';

/** One change in the managed domain's directory. Values may be secret: they are wiped when it is done. */
export type Write =
  | { kind: 'add'; dn: string; values: Values }
  /** By objectGUID of our own map, whatever the account is called by now; `renameTo` is a whole DN. */
  | { kind: 'modify'; guid: string; values: Values; renameTo?: string };

/** How one write ended. `gone`: the account that our map names is not there any more. */
export type WriteResult = { ok: true } | { ok: false; gone: boolean; reason: string };
