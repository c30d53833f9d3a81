/** A bucket that is not as a head says, and that nothing explains. */
export interface Difference {
  bucket: number;
  /** When it was seen first, and when this very difference was. */
  since: string;
  sameSince: string;
  /** Both digests: another difference is another text. */
  what: string;
  /** Heads that showed this very difference. */
  heads: number;
}

/** What came of comparing the heads of a forest with the ledger. */
export interface Comparison {
  /** The head that was compared last. */
  sequence: number;
  time: string;
  /** For each bucket the time of the last head of which everything had come; null: none yet. */
  agreedAt: (string | null)[];
  differences: Difference[];
  /** Buckets whose difference is that records came and were not written. */
  explained: number[];
}

export interface BucketLook {
  /** The largest sequence of all records that are known of what is in it, deletions too. */
  newest: number;
  /** Its digest as it would be if every record that came had been written. */
  asReceived: Uint8Array;
}

/** What a head is compared with. */
export interface Ours {
  buckets: string;
  /** A closer look at one bucket. */
  look(bucket: number): BucketLook;
}
