import description from '../../package.json' with { type: 'json' };

/** The version of this program, which every package shares. */
export const PROGRAM_VERSION: string = description.version;
/** Header with which an agent reports its version in every request. */
export const VERSION_HEADER = 'causeway-version';

/** Semantic Versioning 2.0.0: numbers without leading zeros, a pre-release, and build metadata, which is ignored. */
const VERSION =
  /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/;
const MAX_LENGTH = 50;

export function isVersion(text: string): boolean {
  return text.length <= MAX_LENGTH && VERSION.test(text);
}

/**
 * Negative if `a` is older than `b`, positive if it is newer (Semantic Versioning 2.0.0, 11).
 * @throws RangeError if one of them is no version
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (let i = 0; i < 3; i++) {
    const difference = left.numbers[i]! - right.numbers[i]!;
    if (difference !== 0) return difference;
  }
  // A pre-release precedes its release.
  if (left.preRelease.length === 0 || right.preRelease.length === 0) {
    return right.preRelease.length - left.preRelease.length;
  }
  for (let i = 0; ; i++) {
    const [one, other] = [left.preRelease[i], right.preRelease[i]];
    if (one === undefined || other === undefined)
      return Number(one !== undefined) - Number(other !== undefined);
    const difference = compareIdentifiers(one, other);
    if (difference !== 0) return difference;
  }
}

function parse(text: string): { numbers: number[]; preRelease: string[] } {
  const match = text.length <= MAX_LENGTH ? VERSION.exec(text) : null;
  if (match === null)
    throw new RangeError(`a version such as 1.2.3 expected, got '${text.slice(0, MAX_LENGTH)}'`);
  return { numbers: match.slice(1, 4).map(Number), preRelease: match[4]?.split('.') ?? [] };
}

/** Numbers by value and before words; words in ASCII order. */
function compareIdentifiers(a: string, b: string): number {
  const [one, other] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (one && other) return Number(a) - Number(b);
  if (one !== other) return one ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}
