import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Exchange } from './exchange.ts';
import type { OpenApi, Operation } from './recording.ts';

const DOCUMENT = 'release';

/** What a release accepts at the tenant's API and from it, by its own OpenAPI document. Needs no code of that release. */
export class ReleaseSchemas {
  readonly #openApi: OpenApi;
  // Each format has a pattern beside it that says the same.
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });

  constructor(openApi: OpenApi) {
    this.#openApi = openApi;
    this.#ajv.addSchema(openApi, DOCUMENT);
  }

  knows(method: string, path: string): boolean {
    return this.#operation(method, path) !== undefined;
  }

  #operation(method: string, path: string): Operation | undefined {
    return this.#openApi.paths[new URL(path, 'http://tenant').pathname]?.[method.toLowerCase()];
  }

  /** What that release would reject in an exchange, at either end; empty if it would accept both. */
  breaches({ method, path, body, status, answer }: Exchange): string[] {
    const url = new URL(path, 'http://tenant');
    const verb = method.toLowerCase();
    const operation = this.#operation(method, path);
    const at = `${method} ${path}`;
    if (operation === undefined) return [`${at} is no route of that release`];
    const place = ['paths', url.pathname, verb];
    const content = ['content', 'application/json', 'schema'];
    const reply = status === 200 ? ['responses', '200'] : ['responses', 'default'];
    return [
      ...(operation.requestBody === undefined
        ? body === null
          ? []
          : ['a body']
        : this.#check(this.#ajv, [...place, 'requestBody', ...content], body)),
      ...this.#check(
        this.#ajv,
        status === 200
          ? [...place, ...reply, ...content]
          : ['components', 'responses', 'Refused', ...content],
        answer,
      ),
    ].map(breach => `${at}: ${breach}`);
  }

  #check(ajv: Ajv2020, pointer: readonly string[], value: unknown): string[] {
    const fragment = pointer.map(step =>
      encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')),
    );
    const validate = ajv.compile({ $ref: `${DOCUMENT}#/${fragment.join('/')}` }) as ValidateFunction;
    if (validate(value)) return [];
    return [`${pointer.slice(3).join('.')} ${ajv.errorsText(validate.errors)}`];
  }
}
