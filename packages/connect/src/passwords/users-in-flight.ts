/**
 * Which users' passwords are in flight, so that no user is in flight twice. A user's state is read, and the result sent and acknowledged,
 * before anything else looks at that user. Other users continue meanwhile.
 */
export class UsersInFlight {
  /** The end of the last work that reserved a user. */
  readonly #ends = new Map<string, Promise<void>>();

  /** Does the work once all earlier work that reserved any of these users has ended. */
  run<T>(guids: readonly string[], work: () => Promise<T>): Promise<T> {
    // All users are reserved at once, and each work waits only for earlier ones: there is no deadlock, and nobody is overtaken.
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

  /** Whether some work has reserved the user and has not ended. */
  has(guid: string): boolean {
    return this.#ends.has(guid);
  }

  /** Resolves when everything reserved so far has ended. */
  async settled(): Promise<void> {
    await Promise.all(new Set(this.#ends.values()));
  }
}
