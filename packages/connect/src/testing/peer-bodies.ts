import type { CredentialChange } from '@causeway/contract';
import { joinEncapsulation } from '@causeway/records';

/** The items of a batch. */
export function changesOf<T>(body: string): T[] {
  return (JSON.parse(body) as { changes: T[] }).changes;
}

/** The items of a batch of passwords, each record joined with the batch's encapsulation. */
export function credentialsOf(body: string): CredentialChange[] {
  const { encapsulation } = JSON.parse(body) as { encapsulation: string | null };
  return changesOf<CredentialChange>(body).map(change => {
    const { record: signed } = change;
    return signed && encapsulation
      ? { ...change, record: joinEncapsulation({ signed, encapsulation }) }
      : change;
  });
}
