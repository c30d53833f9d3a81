export { type FuzzOptions, truncationsAndMutations } from './fuzz.ts';
