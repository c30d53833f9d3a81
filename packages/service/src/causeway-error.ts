import { currentCode, type ErrorCode, errorEntry } from './errors/errors.ts';

/** Whether the same thing may succeed when it is tried again without anybody doing anything. */
export type Retry = 'never' | 'later';

/** An error of another process, as it came. */
export interface PassedOn {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

/**
 * An error that is shown to a person as it stands: what came and what was expected. Lower case, no full stop, never a secret. `code` is
 * stable and what programs look at; status, retry and what to do are the table's (`errors/`).
 */
export class CausewayError extends Error {
  override readonly name = 'CausewayError';
  /** One of the tables, or what came from another release or another program (`passOn`). */
  readonly code: string;
  /** HTTP status where it crosses an API. */
  readonly status: number;
  readonly retry: Retry;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    const entry = errorEntry(code);
    this.code = code;
    this.status = entry?.status ?? 500;
    this.retry = entry?.retry ?? 'never';
  }

  /** An error that came from another process, with the code and status that it came with; what the release before called otherwise is renamed. */
  static passOn({ code, message, status }: PassedOn, options?: ErrorOptions): CausewayError {
    const error = new CausewayError(currentCode(code) as ErrorCode, message, options);
    return Object.assign(error, { status });
  }

  /** What the administrator does; undefined where only another release or program knows the code. */
  get todo(): string | undefined {
    return errorEntry(this.code)?.todo;
  }
}

/** The message of anything thrown, with the causes behind its first line, for a log or a person. */
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
