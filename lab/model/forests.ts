export const FOREST = 'corp.example.com';
/** Forests, each with the SID of its only domain. */
export const DOMAINS = {
  [FOREST]: 'S-1-5-21-1-2-3',
  'fabrikam.example.org': 'S-1-5-21-11-12-13',
};
export type Forest = keyof typeof DOMAINS;
export const TWO_FORESTS = Object.keys(DOMAINS) as Forest[];

/** Another domain of the forest, with its SID. */
export const EMEA = { name: `emea.${FOREST}`, sid: 'S-1-5-21-21-22-23' } as const;
