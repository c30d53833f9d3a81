import type { KoaContextWithOIDC } from 'oidc-provider';
import { escapeHtml, page, pageHeaders } from './pages.ts';

/** A page of oidc-provider that sends the browser on runs its one script and no other, and nothing can frame it. */
export async function protectPages(context: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  context.set(
    'content-security-policy',
    "default-src 'none'; script-src; frame-ancestors 'none'; base-uri 'none'",
  );
  await next();
}

/**
 * Asks before it signs out: a link alone must not.
 * @param form oidc-provider's, with what ties the answer to this browser; its id is `op.logoutForm`
 */
export function showSignOut(context: KoaContextWithOIDC, form: string, tenantName: string): void {
  const after = context.oidc.params?.post_logout_redirect_uri;
  context.set(pageHeaders(typeof after === 'string' ? new URL(after).origin : undefined));
  const title = `Sign out of ${escapeHtml(tenantName)}`;
  context.body = page(
    title,
    `<h1>${title}</h1>
<p>This ends your session here. To stay signed in, close this page.</p>
${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>`,
  );
}

export function showSignedOut(context: KoaContextWithOIDC): void {
  context.set(pageHeaders());
  context.body = page(
    'Signed out',
    `<h1>Signed out</h1>
<p role="status">You are signed out here. Applications that you have open may keep you signed in until you sign out there, too.</p>`,
  );
}
