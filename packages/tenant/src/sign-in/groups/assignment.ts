import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { groupsOfApplication } from '../../clients/applications.ts';
import { isInSecurityGroup } from '../../people/memberships.ts';
import type { TenantScope } from '../../tenancy/tenant-scope.ts';

/** The step of a sign-in that shows a user that the application is not for them. */
export const REFUSAL = 'assignment';
/** For the application. */
export const WHY = 'this application is for members of a group that you are not in';

/**
 * Whether an application is for this user. INVARIANT: an application for a group is for its current members only. If the group is deleted
 * or gives no rights any more, it is for nobody.
 */
export async function isAssigned(
  scope: TenantScope,
  clientId: string | undefined,
  userId: string,
): Promise<boolean> {
  const application = clientId === undefined ? undefined : await groupsOfApplication(scope, clientId);
  if (application === undefined) return false;
  return application.forGroup === null || isInSecurityGroup(scope, userId, application.forGroup);
}

/** After the sign-in: a page tells the user that the application is not for them, and `access_denied` tells the application. */
export function assignmentPrompt(scope: TenantScope): interactionPolicy.Prompt {
  const { Check, Prompt } = interactionPolicy;
  const check = new Check('not_assigned', WHY, 'access_denied', async ({ oidc }) => {
    const { client, account } = oidc;
    // Without an account, an earlier step asks for one.
    const mayGoOn = account === undefined || (await isAssigned(scope, client?.clientId, account.accountId));
    return mayGoOn ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
  });
  return new Prompt({ name: REFUSAL, requestable: false }, check);
}

/** Whether this request may end with that page. Every other request is rejected without a page. */
export const canRefuseByPage = ({ oidc }: KoaContextWithOIDC): boolean =>
  oidc.route === 'authorization' || oidc.route === 'resume';
