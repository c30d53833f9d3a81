/**
 * Whose password is on its way, so that nobody's is twice: a user's state is read, and what follows from it sent and acknowledged,
 * before anything else looks at that user. Others go on meanwhile.
 */
export class UsersInFlight {
  /** The end of the last work that has asked for a user. */
  readonly #ends = new Map<string, Promise<void>>();

  /** Does the work when all that asked for any of these users before it has ended. */
  run<T>(guids: readonly string[], work: () => Promise<T>): Promise<T> {
    // All are asked for at once, and each waits only for who came earlier: nobody waits in a circle, nobody is passed over.
    const earlier = new Set(guids.flatMap(guid => this.#ends.get(guid) ?? []));
    const turn = Promise.all(earlier).then(work);
    const end = turn.then(
      () => {},
      () => {},
    );
    for (const guid of guids) this.#ends.set(guid, end);
    void end.then(() => {
      for (const guid of guids) if (this.#ends.get(guid) === end) this.#ends.delete(guid);
    });
    return turn;
  }

  /** Somebody has asked for the user and has not ended. */
  has(guid: string): boolean {
    return this.#ends.has(guid);
  }

  /** Resolves when everything that has been asked for so far has ended. */
  async settled(): Promise<void> {
    await Promise.all(new Set(this.#ends.values()));
  }
}
