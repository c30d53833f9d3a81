export { askSecret, confirm } from './ask.ts';
export {
  BulkBook,
  type BulkList,
  type BulkOutcome,
  type ShownList,
} from './bulk-book.ts';
export { type BulkLine, DELETION_THRESHOLD } from './bulk-decision.ts';
export { BULK_TABLES } from './bulk-tables.ts';
export { CausewayError, describeError, type Retry } from './causeway-error.ts';
export { type Clock, realClock, timestamp } from './clock.ts';
export { EXIT, plainText, printResult, reportError, table } from './command-line.ts';
export { loadConfiguration, readSecret } from './configuration.ts';
export { bestEffort, diskError, isDiskError, onDisk, suspectDisk } from './disk-error.ts';
export { faultPoint } from './fault-point.ts';
export { setHeapGrowth } from './heap.ts';
export { describeHeld, HELD_WORDS } from './held-lists.ts';
export { createServer, listen, type ServerOptions } from './http-server.ts';
export { backoff, runServices, type Service, sleep } from './lifecycle.ts';
export { callLocally, callSocket, type LocalSocket, serveLocally } from './local-api.ts';
export { createLog, type Log } from './log.ts';
export { type CodeFlags, codeOption, readCode, withCode } from './one-time-code.ts';
export {
  defaultConfigurationFile,
  defaultStateDirectory,
  localSocketPath,
  readPrivateFile,
  runtimeDirectory,
  writePrivateFile,
  writeRuntimeFile,
} from './platform.ts';
export {
  bearerToken,
  checked,
  type ServedInput,
  type ServedRoute,
  type ServeOptions,
  serveRoute,
} from './serve-route.ts';
export { StateDatabase } from './state-database.ts';
export { checkStateFolder, makePrivateDirectory, takeStateFolder } from './state-folder.ts';
export { lockState, lockStateSoon, type StateLock } from './state-lock.ts';
