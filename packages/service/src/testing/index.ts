export { eventually, NotYet, type Patience, timeUntil } from './eventually.ts';
