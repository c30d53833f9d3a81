/** The tenant's OpenID issuer: every sign-in address is below it. */
export function issuerOf(publicUrl: string, tenantName: string): string {
  return `${publicUrl.replace(/\/$/, '')}/t/${tenantName}/oidc`;
}
