import { type Check, type Fields, field, literal, type ObjectCheck, object, type ValueOf } from './check.ts';

/** Of a record, in bytes. */
const MAX_PAYLOAD_LENGTH = 12 * 1024;
/** A record is ASCII text; the largest that every field's limit allows is smaller. */
export const MAX_RECORD_LENGTH = 16 * 1024;

/** One version of a kind: the fields of the kind, but for those that have another check in it. */
interface Version {
  /** What it is for, or how it differs: for docs/formats.md. */
  readonly says: string;
  readonly checks: Readonly<Record<string, Check<unknown>>>;
}

interface Definition<N extends string, F extends Fields, V extends Readonly<Record<number, Version>>> {
  readonly name: N;
  /** In the order of docs/formats.md; what is signed is in the order of canonical JSON. */
  readonly fields: F;
  /** The oldest first. */
  readonly versions: V;
  /** The version to sign; the only one if left out. */
  versionOf?(values: Values<F, V>): number;
  /** Bytes of the payload; as a record's if left out. */
  readonly maxPayloadLength?: number;
  /** Characters of the whole; as a record's if left out. */
  readonly maxLength?: number;
}

/** What a kind says, over all of its versions: each member may be what any of them allows, and missing where one has it absent. */
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

/** A kind of thing that is signed: all that there is to know for signing, reading and documenting it. */
export interface SignedKind<N extends string = string, T = unknown> {
  readonly name: N;
  /** The label in the signed header that keeps the kinds apart. */
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

/** What is signed of a kind, but its version. */
export type FieldsOf<K> = K extends SignedKind<string, infer T> ? T : never;

/** What was signed, by whom. */
export type Said<K> = K extends SignedKind<infer N, infer T> ? T & { kind: N; signerKeyId: string } : never;

/** What was believed: where the digest of an encapsulation was signed, with it, in base64url. */
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
