import type { ConnectorSpace } from '../store/connector-space.ts';
import type { SpaceObject } from '../store/space-object.ts';

const PAGE = 500;

/** Reads one page at a time, so the caller may change the objects it has already seen. */
export function* everyObject(space: ConnectorSpace): Generator<SpaceObject, void> {
  for (let after = ''; ; ) {
    const page = space.list(after, PAGE);
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.guid;
  }
}
