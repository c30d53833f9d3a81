import { ACCEPTS_HEADER, isReadBy, readAccepts } from '@causeway/contract';
import type { Send } from './call.ts';

/** A way to a peer that remembers what the peer announced with its last answer. */
export function hearing(send: Send): { send: Send; reads: (name: string) => boolean } {
  let announced: string[] | undefined;
  return {
    reads: name => isReadBy(announced, name),
    send: async (path, init) => {
      const response = await send(path, init);
      // What stands between both ends answers with other errors; a peer that does not know a member refuses it with this one.
      if (response.status < 300 || response.status === 400)
        announced = readAccepts(response.headers.get(ACCEPTS_HEADER));
      return response;
    },
  };
}
