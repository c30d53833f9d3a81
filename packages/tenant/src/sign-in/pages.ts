import { createHash } from 'node:crypto';
import { MAX_CHECKED_BYTES } from '../people/passwords.ts';

const STYLE = `
:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 100vh; margin: 0; background: light-dark(#f3f4f6, #111827); }
main { width: min(22rem, calc(100vw - 2rem)); padding: 2rem; border-radius: .75rem; box-sizing: border-box;
  background: light-dark(#fff, #1f2937); color: light-dark(#111827, #f9fafb); box-shadow: 0 1px 4px #0003; }
h1 { font-size: 1.25rem; margin: 0 0 1.25rem; }
label { display: block; margin: 1rem 0 .25rem; font-size: .9rem; }
#rules { margin: 1.25rem 0 0; font-size: .85rem; }
input { width: 100%; box-sizing: border-box; padding: .6rem; font: inherit; border: 1px solid #6b7280; border-radius: .375rem; }
button { width: 100%; margin-top: 1.5rem; padding: .7rem; font: inherit; font-weight: 600; border: 0;
  border-radius: .375rem; background: #1d4ed8; color: #fff; cursor: pointer; }
:focus-visible { outline: 3px solid #60a5fa; outline-offset: 2px; }
[role=alert] { padding: .6rem .75rem; border-radius: .375rem; background: #fee2e2; color: #7f1d1d; }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** The answer to every failed sign-in. */
export const FAILURE_TEXT =
  'The user name or the password is not right, or you cannot sign in at the moment.';

/**
 * Headers of every sign-in page: no scripts, no framing. A browser also checks the redirects that follow a form
 * against form-action, so the application's own origin must be in it.
 */
export function pageHeaders(applicationOrigin?: string): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': [
      "default-src 'none'",
      `style-src 'sha256-${STYLE_HASH}'`,
      `form-action 'self'${applicationOrigin === undefined ? '' : ` ${applicationOrigin}`}`,
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
}

export function signInPage(form: { tenantName: string; name: string; failed: boolean }): string {
  const title = `Sign in to ${escapeHtml(form.tenantName)}`;
  return page(
    title,
    `<h1>${title}</h1>
${form.failed ? `<p role="alert" id="failure">${FAILURE_TEXT}</p>` : ''}
<form method="post">
<label for="username">User name</label>
<input id="username" name="username" type="text" inputmode="email" autocomplete="username" autocapitalize="none"
 spellcheck="false" required maxlength="1024" value="${escapeHtml(form.name)}"${form.name === '' ? ' autofocus' : ''}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
 maxlength="${MAX_CHECKED_BYTES}"${form.failed ? ' aria-describedby="failure"' : ''}${form.name === '' ? '' : ' autofocus'}>
<button type="submit">Sign in</button>
</form>`,
  );
}

/** For a sign-in that cannot continue. The text is ours, never the caller's. */
export function messagePage(text: string): string {
  return page('Sign-in', `<h1>Sign-in</h1>\n<p role="alert">${escapeHtml(text)}</p>`);
}

/** A whole page; both parts are HTML already. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character]!);
}
