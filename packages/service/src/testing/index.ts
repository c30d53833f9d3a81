export { watchFaultPoints } from '../fault-point.ts';
export { eventually, NotYet, type Patience, timeUntil } from './eventually.ts';
export { HandClock } from './hand-clock.ts';
