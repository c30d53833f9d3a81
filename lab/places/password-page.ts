import { type Stage, TENANT_NAME } from './stage.ts';

/** Fills in the password page as a browser would, and returns its text. */
export async function changeOnPage(
  stage: Stage,
  name: string,
  password: string,
  next: string,
): Promise<string> {
  const form = { username: name, password, 'new-password': next, repeated: next };
  const url = `${stage.tenantUrl}/t/${TENANT_NAME}/password`;
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  return (await response.text()).replace(/<style>[\s\S]*<\/style>|<[^>]*>/g, ' ').replace(/\s+/g, ' ');
}
