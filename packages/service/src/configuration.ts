import { readFileSync } from 'node:fs';
import { parse, parseDocument } from 'yaml';
import type { z } from 'zod';
import { CausewayError } from './causeway-error.ts';
import { readPrivateFile, replaceFile } from './platform.ts';

/**
 * Reads a service's YAML configuration file. Unknown keys are errors with a suggestion. Flags take precedence over the file. The schema is
 * a `z.strictObject` that includes the defaults.
 * @throws CausewayError 'configuration-unreadable' or 'bad-configuration' (every problem, one per line)
 */
export function loadConfiguration<S extends z.ZodObject>(
  schema: S,
  file: string | undefined,
  flags: Partial<z.input<S>> = {},
): z.output<S> {
  const given = file === undefined ? {} : readYaml(file);
  const merged = {
    ...given,
    ...Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)),
  };
  const result = schema.safeParse(merged);
  if (result.success) return result.data;
  const lines = result.error.issues.map(issue => explain(issue, schema));
  throw new CausewayError(
    'bad-configuration',
    `the configuration ${file === undefined ? 'by options' : `'${file}'`} cannot be used: ${lines.join('; ')}`,
  );
}

/**
 * Writes values into a configuration file. Keeps comments and everything else.
 * @param values each with its path: keys, and places in lists
 * @throws CausewayError 'configuration-unreadable'
 */
export function writeConfigurationValues(
  file: string,
  values: readonly { readonly at: readonly (string | number)[]; readonly value: string }[],
): void {
  const document = parseDocument(readText(file));
  for (const { at, value } of values) document.setIn(at, value);
  replaceFile(file, document.toString({ lineWidth: 0 }));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CausewayError('configuration-unreadable', `cannot read the configuration file '${file}'`, {
      cause,
    });
  }
}

function readYaml(file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8')) ?? {};
  } catch (cause) {
    throw new CausewayError('configuration-unreadable', `cannot read the configuration file '${file}'`, {
      cause,
    });
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new CausewayError('bad-configuration', `'${file}' must hold 'key: value' lines`);
  }
  return value as Record<string, unknown>;
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodObject): string {
  const at = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `${at || 'configuration'}: ${issue.message}`;
  const known = knownKeys(schema, issue.path);
  return issue.keys
    .map(key => {
      const near = known.map(name => ({ name, d: distance(key, name) })).sort((a, b) => a.d - b.d)[0];
      const hint =
        near && near.d <= Math.max(2, key.length / 3)
          ? `, did you mean '${near.name}'?`
          : `; known are ${known.join(', ')}`;
      return `unknown key '${[...issue.path, key].join('.')}'${hint}`;
    })
    .join('; ');
}

/** The keys that an object schema knows at a path. Looks through arrays, defaults and optionals. */
function knownKeys(schema: z.ZodObject, path: readonly PropertyKey[]): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: walks zod's own structure, which has no common type
  let at: any = schema;
  for (const step of path) {
    at = unwrap(at);
    at = typeof step === 'number' ? at?.element : at?.shape?.[step];
  }
  return Object.keys(unwrap(at)?.shape ?? {});
}

// biome-ignore lint/suspicious/noExplicitAny: see knownKeys
function unwrap(schema: any): any {
  let at = schema;
  while (at?.def?.innerType) at = at.def.innerType;
  return at;
}

/** Levenshtein distance, for suggestions. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/**
 * Reads a secret of the configuration: `file:PATH` (readable by its owner only) or `env:NAME`. Refuses a secret in the configuration
 * itself.
 */
export function readSecret(reference: string, key: string): string {
  if (reference.startsWith('file:')) return readPrivateFile(reference.slice(5)).replace(/\r?\n$/, '');
  if (reference.startsWith('env:')) {
    const value = process.env[reference.slice(4)];
    if (value) return value;
    throw new CausewayError(
      'secret-missing',
      `${key}: the environment variable ${reference.slice(4)} is not set`,
    );
  }
  throw new CausewayError(
    'secret-inline',
    `${key}: 'file:PATH' or 'env:NAME' expected, got the secret itself`,
  );
}
