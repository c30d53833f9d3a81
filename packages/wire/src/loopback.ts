const OCTET = '(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])';
const LOOPBACK_V4 = new RegExp(`^127(?:\\.${OCTET}){3}$`);
const LOOPBACK_V6 = /^(?:::|(?:0{1,4}:){7})0{0,3}1$/;

/**
 * True for hosts that are this machine whatever a name service answers: a full address of 127.0.0.0/8, `::1` and `localhost`, in the form
 * of a configuration or of `URL.hostname`. `127.evil.example` is a registrable name and not one of them.
 */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return bare.toLowerCase() === 'localhost' || LOOPBACK_V4.test(bare) || LOOPBACK_V6.test(bare);
}
