export { truncationsAndMutations } from './fuzz.ts';
