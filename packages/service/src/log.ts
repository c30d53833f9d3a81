import { writeSync } from 'node:fs';
import { type DestinationStream, type Logger, pino } from 'pino';
import { environment } from './environment.ts';

export type Log = Logger;

/** Names under which a secret could get into a log by mistake. Redacted wherever they occur, two levels deep. */
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
    level: environment('CAUSEWAY_LOG_LEVEL') ?? 'info',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    base: { pid: process.pid },
    redact: {
      paths: SECRET_NAMES.flatMap(name => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[redacted]',
    },
  };
  if (destination) return pino(options, destination);
  const output = new StandardOutput();
  const log = pino(options, output);
  output.onLost = (lines, err) => log.warn({ lines, err }, 'lost lines of this log');
  return log;
}

const STDOUT = 1;
/** How long a full pipe may block a line, and with it the service. */
const PIPE_PATIENCE_MS = 1000;
const PIPE_LOOK_MS = 10;

/**
 * Standard output, line by line. INVARIANT: a log that cannot be written (its disk is full, its reader has ended) neither ends nor blocks a
 * service. Lines are lost, and their number is logged as soon as the log can be written again.
 */
class StandardOutput implements DestinationStream {
  onLost: (lines: number, reason: string) => void = () => {};
  #lost = 0;
  #reason = '';
  /** The last line was written only in part. */
  #torn = false;

  write(line: string): void {
    try {
      this.#write(Buffer.from(this.#torn ? `\n${line}` : line));
    } catch (error) {
      this.#lost += 1;
      this.#reason = (error as Error).message;
      return;
    }
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.onLost(lost, this.#reason);
  }

  #write(bytes: Buffer): void {
    const until = Date.now() + PIPE_PATIENCE_MS;
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(STDOUT, bytes, done);
        this.#torn = done < bytes.length;
      } catch (error) {
        const wait = (error as NodeJS.ErrnoException).code === 'EAGAIN' && this.#lost === 0;
        if (!wait || Date.now() > until) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_LOOK_MS);
      }
    }
  }
}
