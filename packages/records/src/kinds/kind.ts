import { type Check, type Fields, field, literal, type ObjectCheck, object, type ValueOf } from './check.ts';

/** Bytes of a record's payload. */
const MAX_PAYLOAD_LENGTH = 12 * 1024;
/** A record is ASCII text. The largest one that the limits of all fields allow is smaller. */
export const MAX_RECORD_LENGTH = 16 * 1024;

/** One version of a kind: the kind's fields, except those with another check in this version. */
interface Version {
  /** Its purpose or its difference, for docs/formats.md. */
  readonly says: string;
  readonly checks: Readonly<Record<string, Check<unknown>>>;
}

interface Definition<N extends string, F extends Fields, V extends Readonly<Record<number, Version>>> {
  readonly name: N;
  /** In the order of docs/formats.md. The signed text is in the order of canonical JSON. */
  readonly fields: F;
  /** The oldest first. */
  readonly versions: V;
  /** The version to sign; the only one by default. */
  versionOf?(values: Values<F, V>): number;
  /** Bytes of the payload; the limit of a record by default. */
  readonly maxPayloadLength?: number;
  /** Characters of the whole; the limit of a record by default. */
  readonly maxLength?: number;
}

/** A kind's values over all of its versions. Each member may be what any version allows, and missing if one has it absent. */
type Values<F extends Fields, V extends Readonly<Record<number, Version>>> = Optional<{
  -readonly [N in keyof F]: ValueOf<F[N]['check']> | Differing<V[keyof V], N>;
}>;
type Optional<T> = { [N in keyof T as undefined extends T[N] ? never : N]: T[N] } & {
  [N in keyof T as undefined extends T[N] ? N : never]?: T[N];
};
type Differing<V, N> = V extends { readonly checks: infer C }
  ? N extends keyof C
    ? ValueOf<C[N]>
    : never
  : never;

/** A kind of signed statement: all that is needed to sign, read and document it. */
export interface SignedKind<N extends string = string, T = unknown> {
  readonly name: N;
  /** The label in the signed header that tells the kinds apart. */
  readonly typ: string;
  readonly fields: Fields;
  readonly versions: ReadonlyMap<
    unknown,
    Version & { readonly payload: ObjectCheck<T & { version: number }> }
  >;
  versionOf(values: T): number;
  readonly maxPayloadLength: number;
  readonly maxLength: number;
}

/** The signed members of a kind, without its version. */
export type FieldsOf<K> = K extends SignedKind<string, infer T> ? T : never;

/** What was signed, and by whom. */
export type Said<K> = K extends SignedKind<infer N, infer T> ? T & { kind: N; signerKeyId: string } : never;

/** What was accepted. If the digest of an encapsulation was signed, this includes the encapsulation in base64url. */
export type RecordOf<K> =
  K extends SignedKind<string, { encapsulationDigest: string }>
    ? Said<K> & { encapsulation: string }
    : Said<K>;

export function signedKind<
  const N extends string,
  F extends Fields,
  V extends Readonly<Record<number, Version>>,
>(definition: Definition<N, F, V>): SignedKind<N, Values<F, V>> {
  const { name, fields } = definition;
  const versions = Object.entries(definition.versions).map(([key, version]) => {
    const number = Number(key);
    const members: Record<string, Fields[string]> = { version: field(literal(number), ''), ...fields };
    for (const [member, check] of Object.entries(version.checks))
      members[member] = field(check, fields[member]!.meaning);
    const payload = object(members) as ObjectCheck<Values<F, V> & { version: number }>;
    return [number, { ...version, payload }] as const;
  });
  return {
    name,
    typ: `causeway-${name}+jws`,
    fields,
    versions: new Map(versions),
    versionOf: definition.versionOf ?? (() => versions[0]![0]),
    maxPayloadLength: definition.maxPayloadLength ?? MAX_PAYLOAD_LENGTH,
    maxLength: definition.maxLength ?? MAX_RECORD_LENGTH,
  };
}
