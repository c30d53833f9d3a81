/** An error code's entry. */
export interface ErrorEntry {
  /** HTTP status if it crosses an API. */
  readonly status: number;
  /** `later`: the same operation may succeed later without anybody's help. */
  readonly retry?: 'later';
  /** What happened, in one sentence. */
  readonly means: string;
  /** What the administrator does. A command stands on a line of its own, indented by two blanks. The reader fills in words in capitals. */
  readonly todo: string;
}

export type ErrorTable = Readonly<Record<string, ErrorEntry>>;
