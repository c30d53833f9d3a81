import type { Rename } from '@causeway/contract';

/** A user's old and new name, and who else would get the new one. */
export const renameText = ({ from, to, clashes }: Rename): string =>
  `${from} -> ${to}${clashes.length > 0 ? `, and so is ${clashes.join(', ')}: one of them gets five digits` : ''}`;
