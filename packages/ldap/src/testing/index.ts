export { tlv } from '../tlv.ts';
export { CA, CERTIFICATE, SERVER_KEY } from './certificates.ts';
export { type AskedSearch, elementsOf, LdapPeer, type PeerAnswer, type PeerEntry } from './ldap-peer.ts';
