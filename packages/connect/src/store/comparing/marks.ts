/** What a row of the connector space says about the tenant's last acknowledgement. */
interface Exported {
  exportedDigest: string | undefined;
  exportedSequence: number | undefined;
}

/**
 * Prefix of the digest of an unchanged object that is signed and exported again because another place lost it. The acknowledged sequence
 * and the line in the head stay.
 */
export const ANEW = 'anew: ';

/** The exported digest of an object that another place has but the forest has not. Its row has no sequence. */
export const STRANGER = 'a stranger';

export const isSaidAnew = ({ exportedDigest }: Pick<Exported, 'exportedDigest'>): boolean =>
  exportedDigest?.startsWith(ANEW) ?? false;

/** Only another place says that it has the object: nothing was ever acknowledged. */
export const isStranger = ({ exportedDigest, exportedSequence }: Exported): boolean =>
  exportedDigest !== undefined && exportedSequence === undefined;
