import type { PGlite } from '@electric-sql/pglite';

type Exec = PGlite['execProtocolStream'];
type Messages = Awaited<ReturnType<Exec>>;

/** Statements beyond these are planned each time. */
const MAX_STATEMENTS = 500;
/** First bytes of messages to PostgreSQL. */
const [PARSE, BIND, DESCRIBE] = ['P', 'B', 'D'].map(one => one.charCodeAt(0));
const OF_STATEMENT = 'S'.charCodeAt(0);

/** Its table was changed: it gives other columns now. */
const OTHER_COLUMNS = '0A000';

interface Prepared {
  readonly name: string;
  readonly text: string;
  /** What PostgreSQL said of its parameters and of its rows. */
  ofStatement?: Messages;
  ofPortal?: Messages;
}

/**
 * PGlite parses and plans a statement each time that it is asked, which takes most of its time. Here a statement gets a name when it
 * comes first, and is known by that again: PostgreSQL keeps what it knows of it, and plans it as it does the statements of any driver
 * that names them.
 *
 * A query of PGlite is Parse, Describe of the statement, Bind, Describe of the portal, Execute and Sync, each for itself, and nothing
 * comes between them.
 *
 * @param most so many statements are kept
 */
export function preparing(exec: Exec, most = MAX_STATEMENTS): Exec {
  const known = new Map<string, Prepared>();
  let count = 0;
  let current: Prepared | undefined;
  const parse: Exec = async (message, options) => {
    const text = Buffer.from(message.subarray(5)).toString('latin1');
    current = known.get(text);
    if (current !== undefined) return [];
    if (known.size >= most) return exec(message, options);
    count += 1;
    const name = `s${count}`;
    const said = await exec(named(message, 5, name), options);
    current = { name, text };
    known.set(text, current);
    return said;
  };
  const ask = async (
    { name, text }: Prepared,
    ...[message, options]: Parameters<Exec>
  ): Promise<Messages> => {
    try {
      return await exec(named(message, 6, name), options);
    } catch (error) {
      if ((error as { code?: unknown }).code === OTHER_COLUMNS) known.delete(text);
      throw error;
    }
  };
  return async (message, options) => {
    const kind = message[0];
    if (kind === PARSE) return parse(message, options);
    if (current === undefined) return exec(message, options);
    if (kind === BIND) return ask(current, message, options);
    if (kind !== DESCRIBE) return exec(message, options);
    if (message[5] === OF_STATEMENT) {
      current.ofStatement ??= await ask(current, message, options);
      return current.ofStatement;
    }
    current.ofPortal ??= await exec(message, options);
    return current.ofPortal;
  };
}

/** A message that names a statement. @param at where its empty name stands */
function named(message: Uint8Array, at: number, name: string): Uint8Array {
  const bytes = Buffer.concat([message.subarray(0, at), Buffer.from(name), message.subarray(at)]);
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
}
