/** Whether the same thing may succeed when it is tried again without anybody doing anything. */
export type Retry = 'never' | 'later';

/**
 * An error that is told to a person as it stands: what was expected, what came, what to do. Lower case,
 * no full stop, never a secret. `code` is stable and what programs look at.
 */
export class CausewayError extends Error {
  override readonly name = 'CausewayError';
  readonly code: string;
  /** HTTP status where it crosses an API. */
  readonly status: number;
  readonly retry: Retry;

  constructor(
    code: string,
    message: string,
    options: ErrorOptions & { status?: number; retry?: Retry } = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = options.status ?? 400;
    this.retry = options.retry ?? 'never';
  }
}

/** The message of anything thrown, with the causes behind it, for a log or a person. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (
    let e: unknown = error;
    e !== undefined && parts.length < 5;
    e = e instanceof Error ? e.cause : undefined
  ) {
    const text = e instanceof Error ? e.message || ((e as NodeJS.ErrnoException).code ?? e.name) : String(e);
    if (!parts.some(part => part.includes(text))) parts.push(text);
  }
  return parts.join(': ');
}
