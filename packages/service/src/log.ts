import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

/** Names under which a secret could come into a log by mistake; redacted wherever they stand, two levels deep. */
const SECRET_NAMES = [
  'password',
  'token',
  'authorization',
  'ntHash',
  'kerberosKeys',
  'cloudCredential',
  'secret',
  'privateKey',
] as const;

/** A service's log: JSON lines on standard output (or `destination`), secrets redacted. */
export function createLog(service: string, destination?: DestinationStream): Log {
  const options = {
    name: service,
    level: process.env.CAUSEWAY_LOG_LEVEL ?? 'info',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    base: { pid: process.pid },
    redact: {
      paths: SECRET_NAMES.flatMap(name => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[redacted]',
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
