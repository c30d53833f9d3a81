export { CausewayError, describeError, type Retry } from './causeway-error.ts';
export { EXIT, plainText, printResult, reportError, table } from './command-line.ts';
export { loadConfiguration, readSecret } from './configuration.ts';
export { faultPoint } from './fault-point.ts';
export { createServer, listen, type ServerOptions } from './http-server.ts';
export { backoff, runServices, type Service, sleep } from './lifecycle.ts';
export { callLocally, serveLocally } from './local-api.ts';
export { createLog, type Log } from './log.ts';
export {
  defaultConfigurationFile,
  defaultStateDirectory,
  localSocketPath,
  makePrivateDirectory,
  readPrivateFile,
  writePrivateFile,
} from './platform.ts';
export { lockState, lockStateSoon, type StateLock } from './state-lock.ts';
