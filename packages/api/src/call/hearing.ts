import { ACCEPTS_HEADER, isReadBy, readAccepts } from '@causeway/contract';
import type { Send } from './call.ts';

/** A transport that remembers what the peer announced with its last answer. */
export function hearing(send: Send): { send: Send; reads: (name: string) => boolean } {
  let announced: string[] | undefined;
  return {
    reads: name => isReadBy(announced, name),
    send: async (path, init) => {
      const response = await send(path, init);
      // Proxies between the two ends answer with other errors. A peer rejects an unknown member with this one.
      if (response.status < 300 || response.status === 400)
        announced = readAccepts(response.headers.get(ACCEPTS_HEADER));
      return response;
    },
  };
}
