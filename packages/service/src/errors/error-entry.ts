/** What is known of an error by its code. */
export interface ErrorEntry {
  /** HTTP status where it crosses an API. */
  readonly status: number;
  /** `later`: the same thing may succeed when it is tried again without anybody doing anything. */
  readonly retry?: 'later';
  /** What happened, in one sentence. */
  readonly means: string;
  /** What the administrator does; a command stands on a line of its own, behind two blanks. Words in capitals are the reader's to fill in. */
  readonly todo: string;
}

export type ErrorTable = Readonly<Record<string, ErrorEntry>>;
