/** The tenant's OpenID issuer: everything of sign-in hangs under it. */
export function issuerOf(publicUrl: string, tenantName: string): string {
  return `${publicUrl.replace(/\/$/, '')}/t/${tenantName}/oidc`;
}
