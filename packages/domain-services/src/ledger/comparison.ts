/** A bucket that differs from a head, and that nothing explains. */
export interface Difference {
  bucket: number;
  /** When a difference was first seen, and when exactly this one was. */
  since: string;
  sameSince: string;
  /** Both digests: another difference makes another text. */
  what: string;
  /** Number of heads that showed exactly this difference. */
  heads: number;
}

/** The result of comparing the heads of a forest with the ledger. */
export interface Comparison {
  /** The head that was compared last. */
  sequence: number;
  time: string;
  /** For each bucket the time of the last head of which everything had come; null if there is none yet. */
  agreedAt: (string | null)[];
  differences: Difference[];
  /** Buckets that differ because records came and were not written. */
  explained: number[];
}

export interface BucketLook {
  /** The largest known sequence of the records in this bucket, deletions included. */
  newest: number;
  /** The digest that the bucket would have if every record that came had been written. */
  asReceived: Uint8Array;
}

/** What a head is compared with. */
export interface Ours {
  buckets: string;
  /** A closer look at one bucket. */
  look(bucket: number): BucketLook;
}
