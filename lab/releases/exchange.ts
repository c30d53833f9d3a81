/** What an agent asked its tenant, and what it was answered. No token is in it, and a code for enrolment only after its use. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** What the agent's headers said of it; an enrolment has none. */
  readonly version: string | null;
  readonly accepts: string | null;
  readonly body: unknown;
  readonly status: number;
  /** What the tenant's header announced. */
  readonly announced: string | null;
  readonly answer: unknown;
}

/** Stand in a recording for the folder of the lab that it was made in, and for its tenant's address. */
export const LAB_FOLDER = '/recorded-lab';
export const TENANT_URL = 'http://recorded-tenant';

/** Its header is a JSON object. */
const SIGNED = /^eyJ[\w-]*\.[\w-]+\.[\w-]+(~[\w-]+)?$/;

/** Kind and version of everything signed in requests and answers: `account-1`, `receipt-1`, whoever of today's knows it. */
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
