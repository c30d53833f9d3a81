/** A request of an agent to its tenant, and the answer. It has no token, and a code for enrolment only after its use. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** From the agent's headers; an enrolment has none. */
  readonly version: string | null;
  readonly accepts: string | null;
  readonly body: unknown;
  readonly status: number;
  /** From the tenant's header. */
  readonly announced: string | null;
  readonly answer: unknown;
}

/** Replace, in a recording, the folder of its lab and its tenant's address. */
export const LAB_FOLDER = '/recorded-lab';
export const TENANT_URL = 'http://recorded-tenant';

/** The header of a signed value is a JSON object. */
const SIGNED = /^eyJ[\w-]*\.[\w-]+\.[\w-]+(~[\w-]+)?$/;

/**
 * Kind and version of everything signed in requests and answers, such as `account-1` and `receipt-1`, whether today's code knows it or not.
 */
export function signedNames(exchanges: readonly Exchange[]): Set<string> {
  const names = new Set<string>();
  for (const { body, answer } of exchanges) {
    JSON.stringify([body, answer], (_name, value) => {
      if (typeof value === 'string' && SIGNED.test(value)) names.add(nameOf(value));
      return value;
    });
  }
  return names;
}

function nameOf(signed: string): string {
  const [header, payload] = signed
    .split('.', 2)
    .map(part => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))) as [
    { typ: string },
    { version: number },
  ];
  return `${header.typ.replace(/^causeway-|\+jws$/g, '')}-${payload.version}`;
}
