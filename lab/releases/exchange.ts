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
