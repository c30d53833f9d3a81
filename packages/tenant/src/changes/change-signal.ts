import { EventEmitter } from 'node:events';

/** Wakes this process's waiting readers of a tenant's feed. Those of other processes poll. */
export const changes = new EventEmitter().setMaxListeners(0);
