import { currentCode, type ErrorCode, errorEntry } from './errors/errors.ts';

/** Whether the same operation may succeed later without anybody's help. */
export type Retry = 'never' | 'later';

/** An error of another process, unchanged. */
export interface PassedOn {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

/**
 * An error that is shown to a person as it is: what came and what was expected. Lower case, no full stop, never a secret. `code` is stable,
 * for programs. Status, retry and what to do come from the table (`errors/`).
 */
export class CausewayError extends Error {
  override readonly name = 'CausewayError';
  /** A code of the tables, or one from another release or program (`passOn`). */
  readonly code: string;
  /** HTTP status if it crosses an API. */
  readonly status: number;
  readonly retry: Retry;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    const entry = errorEntry(code);
    this.code = code;
    this.status = entry?.status ?? 500;
    this.retry = entry?.retry ?? 'never';
  }

  /** An error from another process, with its code and status. A code that the previous release called differently is renamed. */
  static passOn({ code, message, status }: PassedOn, options?: ErrorOptions): CausewayError {
    const error = new CausewayError(currentCode(code) as ErrorCode, message, options);
    return Object.assign(error, { status });
  }

  /** What the administrator does; undefined if only another release or program knows the code. */
  get todo(): string | undefined {
    return errorEntry(this.code)?.todo;
  }
}

/** The message of anything thrown, followed by its causes, for a log or a person. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  const below: string[] = [];
  for (
    let e: unknown = error;
    e !== undefined && parts.length < 5;
    e = e instanceof Error ? e.cause : undefined
  ) {
    const text = e instanceof Error ? e.message || ((e as NodeJS.ErrnoException).code ?? e.name) : String(e);
    if ([...parts, ...below].some(part => part.includes(text))) continue;
    const [first = '', ...rest] = text.split('\n');
    parts.push(first);
    below.push(...rest);
  }
  return [parts.join(': '), ...below].join('\n');
}

/** Matches a message with the command to run, which holds this machine's names. */
const HAS_COMMAND = /^ {2}causeway /m;

/**
 * The same with what the administrator does below it: from the table of errors, unless the message has the command already.
 * @param otherTodo what to do about an error that the tables do not know
 */
export function explainError(error: unknown, otherTodo?: string): string {
  const message = describeError(error);
  const { todo = otherTodo } = (error ?? {}) as { todo?: string };
  return todo === undefined || HAS_COMMAND.test(message) ? message : `${message}\n${todo}`;
}
