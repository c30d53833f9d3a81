import { CallError } from '@causeway/contract';

/** The tenant gives this agent no token: it has no such agent, or does not take its key (RFC 6749 5.2). */
export const isRemoved = (error: unknown): boolean =>
  error instanceof CallError && error.code === 'invalid_client';
