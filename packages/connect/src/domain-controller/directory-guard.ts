import { type DirectoryIdentity, type DirectoryRoots, dnsNameOf } from '@causeway/active-directory';
import { CausewayError } from '@causeway/service';
import type { ConnectorConfiguration } from '../configuration.ts';
import type { PinnedDirectory } from '../store/directory/directory-pin.ts';
import type { ConnectorStore } from '../store/store.ts';

type Configured = Pick<ConnectorConfiguration, 'name' | 'forest' | 'domain' | 'namingContext' | 'server'>;

/**
 * Lets a connector read only its own directory. INVARIANT: every connection to a domain controller passes this check before Connect
 * reads anything else on it.
 */
export class DirectoryGuard {
  readonly #connector: Configured;
  readonly #store: Pick<ConnectorStore, 'pin'>;

  constructor(connector: Configured, store: Pick<ConnectorStore, 'pin'>) {
    this.#connector = connector;
    this.#store = store;
  }

  /** The first contact pins the directory. @throws CausewayError 'wrong-directory' */
  check(answered: DirectoryIdentity): DirectoryIdentity {
    const pinned = this.#store.pin.get();
    checkPin(this.#connector, pinned, answered);
    if (pinned?.pinnedAt == null) this.#store.pin.set(answered);
    return answered;
  }
}

/** Checks what a domain controller says before sign-in against the configuration. @throws CausewayError 'wrong-directory' */
export function checkRoots(connector: Configured, { forest, namingContext }: DirectoryRoots): void {
  const answered = `domain ${dnsNameOf(namingContext)} of forest ${forest}`;
  if (forest !== connector.forest) {
    throw wrong(connector, 'another forest', {
      expected: ['configured', `forest ${connector.forest}`],
      answered,
      advice: `if 'server' is wrong, name a domain controller of ${connector.forest}; if 'forest' is, correct that; then restart Connect if it runs`,
    });
  }
  const { domain, namingContext: configured } = connector;
  for (const expected of [domain, configured && dnsNameOf(configured)]) {
    if (expected === undefined || expected === dnsNameOf(namingContext)) continue;
    throw wrong(connector, 'another domain', {
      expected: ['configured', `domain ${expected} of forest ${connector.forest}`],
      answered,
      advice: `if 'server' is wrong, name a domain controller of ${expected}; if 'domain' or 'namingContext' is, correct that; then restart Connect if it runs`,
    });
  }
}

/** @param pinned undefined if nothing is pinned and the connector space is empty */
function checkPin(
  connector: Configured,
  pinned: PinnedDirectory | undefined,
  answered: DirectoryIdentity,
): void {
  if (pinned === undefined || isSame(pinned, answered)) return;
  throw wrong(connector, 'another domain than the connector has read so far', {
    expected: ['pinned', describeDirectory(pinned)],
    answered: describeDirectory(answered),
    advice: [
      "if 'server' is wrong, correct it and restart Connect; if the connector is to read this domain from now on, see what that changes:",
      `  causeway connect repin '${connector.name}'`,
    ].join('\n'),
  });
}

export function isSame(pinned: PinnedDirectory, answered: DirectoryIdentity): boolean {
  return (
    pinned.domainSid === answered.domainSid &&
    (pinned.domainGuid ?? answered.domainGuid) === answered.domainGuid &&
    dnsNameOf(pinned.namingContext) === dnsNameOf(answered.namingContext) &&
    (pinned.forest ?? answered.forest) === answered.forest
  );
}

/** Describes a directory in one line. */
export function describeDirectory({
  namingContext,
  forest,
  domainSid,
  domainGuid,
}: Omit<PinnedDirectory, 'pinnedAt'>): string {
  const ofForest = forest === null ? '' : ` of forest ${forest}`;
  const guid = domainGuid === null ? '' : `, objectGUID ${domainGuid}`;
  return `${namingContext}${ofForest}, SID ${domainSid}${guid}`;
}

function wrong(
  { name, server }: Configured,
  what: string,
  { expected, answered, advice }: { expected: [string, string]; answered: string; advice: string },
): CausewayError {
  const [source, directory] = expected;
  const text = [
    `the domain controller '${server}' of connector '${name}' serves ${what}; nothing was read from it`,
    `  ${`${source}:`.padEnd(12)}${directory}`,
    `  ${'answered:'.padEnd(12)}${answered}`,
    advice,
  ].join('\n');
  return new CausewayError('wrong-directory', text);
}
