/**
 * What a managed domain's `smb.conf` has beyond a plain domain controller's. It rejects the previous password, which Samba otherwise
 * accepts over NTLM for an hour, and everything older than NTLMv2, SMB 3 or TLS 1.2.
 */
export const HARDENED_SETTINGS: Readonly<Record<string, string>> = {
  'server signing': 'mandatory',
  'client signing': 'required',
  'server min protocol': 'SMB3_00',
  'ldap server require strong auth': 'yes',
  'ntlm auth': 'ntlmv2-only',
  'raw NTLMv2 auth': 'no',
  'lanman auth': 'no',
  'reject md5 clients': 'yes',
  'map to guest': 'never',
  'restrict anonymous': '2',
  'tls priority': 'SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2',
  'old password allowed period': '0',
};
