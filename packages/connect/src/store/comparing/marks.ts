/** What a row of the connector space says of what the tenant acknowledged. */
interface Exported {
  exportedDigest: string | undefined;
  exportedSequence: number | undefined;
}

/**
 * Before the digest of somebody who is signed and exported anew although nothing changed, because another place lost it. The sequence
 * that was acknowledged stays, and so does the line in the head.
 */
export const ANEW = 'anew: ';

/** What a row is exported as that stands for somebody whom another place has, the forest has not, and nobody knew. It has no sequence. */
export const STRANGER = 'a stranger';

export const isSaidAnew = ({ exportedDigest }: Pick<Exported, 'exportedDigest'>): boolean =>
  exportedDigest?.startsWith(ANEW) ?? false;

/** Another place has the person by its own word alone: nothing was ever acknowledged. */
export const isStranger = ({ exportedDigest, exportedSequence }: Exported): boolean =>
  exportedDigest !== undefined && exportedSequence === undefined;
