export { CA, CERTIFICATE, SERVER_KEY } from './certificates.ts';
