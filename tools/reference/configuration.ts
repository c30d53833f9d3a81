import { z } from 'zod';
import { code, list, page, paragraph } from './markdown.ts';

/** The parts of a key's JSON Schema that are shown. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
}

/** A configuration file, or a part of one with its own table. */
export interface ConfigurationPart {
  readonly title: string;
  /** The file's purpose. */
  readonly intro: string;
  readonly schema: z.ZodType;
  /** Keys whose own keys are in another part. */
  readonly elsewhere?: readonly string[];
}

/** Every key of every configuration. @throws Error for a key without a description */
export function configurationPage(parts: readonly ConfigurationPart[]): string {
  return page(
    'Configuration',
    paragraph(
      'Configuration files are YAML. An unknown key is an error. A secret is never in the file: name it as `file:PATH` (readable by its owner alone) or `env:NAME` (an environment variable).',
    ),
    ...parts.flatMap(({ title, intro, schema, elsewhere = [] }) => [
      `## ${title}`,
      paragraph(intro),
      list(
        keysOf(jsonSchema(schema), '', elsewhere).map(
          ({ path, type, needed, description }) =>
            `${code(path)} (${[type, needed].filter(Boolean).join(', ')}): ${description}`,
        ),
      ),
    ]),
  );
}

const jsonSchema = (schema: z.ZodType): Schema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;

interface Key {
  readonly path: string;
  readonly type: string;
  /** Required, or the default. */
  readonly needed: string;
  readonly description: string;
}

function keysOf({ properties = {}, required = [] }: Schema, at: string, elsewhere: readonly string[]): Key[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = at + name;
    const { description } = schema;
    if (description === undefined)
      throw new Error(
        `the configuration's key '${path}' has no description: give it one with .describe() in the schema`,
      );
    const key = {
      path,
      type: typeOf(schema),
      needed: neededOf(schema, required.includes(name)),
      description,
    };
    if (elsewhere.includes(path)) return [key];
    const { items } = schema;
    return [key, ...(items ? keysOf(items, `${path}[].`, elsewhere) : keysOf(schema, `${path}.`, elsewhere))];
  });
}

const FORMATS: Readonly<Record<string, string>> = {
  uri: 'URL',
  uuid: 'GUID',
  ipv4: 'IPv4 address',
  ipv6: 'IPv6 address',
  cidrv4: 'IPv4 network',
  cidrv6: 'IPv6 network',
};

function typeOf(schema: Schema): string {
  const { type, items, anyOf, format, minimum, maximum = Number.MAX_SAFE_INTEGER } = schema;
  if (schema.enum) return `one of ${schema.enum.map(code).join(', ')}`;
  if (anyOf) return anyOf.map(typeOf).join(' or ');
  if (items)
    return `list of ${items.properties ? 'entries' : `${typeOf(items)}`}, at most ${schema.maxItems}`;
  if (format) return FORMATS[format] ?? format;
  if (type === 'boolean') return '`true` or `false`';
  if (type === 'object') return schema.properties ? 'keys below' : 'names with texts';
  if (type === 'integer') {
    if (maximum !== Number.MAX_SAFE_INTEGER) return `whole number, ${minimum} to ${maximum}`;
    return `whole number, at least ${minimum}`;
  }
  return 'text';
}

function neededOf({ default: value, properties }: Schema, required: boolean): string {
  if (required) return 'required';
  if (properties) return value === undefined ? 'optional' : '';
  if (value === undefined) return 'optional';
  const empty = typeof value === 'object' && Object.keys(value as object).length === 0;
  return empty ? 'default none' : `default ${code(String(value))}`;
}
