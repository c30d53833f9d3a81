import { MAX_CHECKED_BYTES, MAX_PASSWORD_LENGTH, PASSWORD_RULES } from '../people/passwords.ts';
import { escapeHtml, page } from './pages.ts';

/** The form for changing the password; `action` is a path of our own. */
export function passwordPage(form: {
  tenantName: string;
  action: string;
  name: string;
  /** During a sign-in with a temporary password. */
  temporary: boolean;
  problem?: string | undefined;
}): string {
  const title = `Change your password at ${escapeHtml(form.tenantName)}`;
  const named = form.name !== '';
  const described = form.problem === undefined ? 'rules' : 'failure rules';
  return page(
    title,
    `<h1>${title}</h1>
${form.temporary ? '<p>Your password is a temporary one. Choose a new one to go on.</p>' : ''}
${form.problem === undefined ? '' : `<p role="alert" id="failure">${escapeHtml(form.problem)}</p>`}
<form method="post" action="${escapeHtml(form.action)}">
<label for="username">User name</label>
<input id="username" name="username" type="text" inputmode="email" autocomplete="username" autocapitalize="none"
 spellcheck="false" required maxlength="1024" value="${escapeHtml(form.name)}"${named ? '' : ' autofocus'}>
<label for="password">Current password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
 maxlength="${MAX_CHECKED_BYTES}"${named ? ' autofocus' : ''}>
<p id="rules">${PASSWORD_RULES}</p>
<label for="new-password">New password</label>
<input id="new-password" name="new-password" type="password" autocomplete="new-password" required
 maxlength="${MAX_PASSWORD_LENGTH}" aria-describedby="${described}">
<label for="repeated">New password again</label>
<input id="repeated" name="repeated" type="password" autocomplete="new-password" required maxlength="${MAX_PASSWORD_LENGTH}">
<button type="submit">Change password</button>
</form>`,
  );
}

export function passwordChangedPage(): string {
  return page(
    'Password changed',
    '<h1>Password changed</h1>\n<p role="status">Your new password is good from now on.</p>',
  );
}
