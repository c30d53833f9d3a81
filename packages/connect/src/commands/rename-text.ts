import type { Rename } from '@causeway/contract';

/** What somebody is called and will be, and who else is to be called so. */
export const renameText = ({ from, to, clashes }: Rename): string =>
  `${from} -> ${to}${clashes.length > 0 ? `, and so is ${clashes.join(', ')}: one of them gets five digits` : ''}`;
