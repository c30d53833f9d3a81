export { confirm } from './ask.ts';
export {
  BulkBook,
  type ShownList,
} from './bulk/bulk-book.ts';
export type { BulkLine, BulkList } from './bulk/bulk-decision.ts';
export { BULK_TABLES } from './bulk/bulk-tables.ts';
export { describeHeld, HELD_WORDS } from './bulk/held-lists.ts';
export { thresholdSettings } from './bulk/threshold-settings.ts';
export { CausewayError, describeError, explainError } from './causeway-error.ts';
export { type Clock, realClock, timestamp } from './clock.ts';
export { EXIT, example, plainText, printResult, reportError, table } from './command-line.ts';
export { loadConfiguration, readSecret, writeConfigurationValues } from './configuration.ts';
export { bestEffort, diskError, isDiskError, onDisk, suspectDisk } from './disk-error.ts';
export { ENVIRONMENT_VARIABLES, environment } from './environment.ts';

export {
  currentCode,
  ERROR_TABLES,
  ERRORS,
  errorEntry,
  MERGED_CODES,
} from './errors/errors.ts';
export { faultPoint } from './fault-point.ts';
export { setHeapGrowth } from './heap.ts';
export { Bell, every, type KeepGoing, keepGoing, Trouble } from './keep-going.ts';
export { KeptFile } from './kept-file.ts';
export { backoff, runServices, type Service, sleep } from './lifecycle.ts';
export { createLog, type Log } from './log.ts';
export { mapLimit } from './map-limit.ts';
export { type CodeFlags, codeOption, readCode, withCode } from './one-time-code.ts';
export {
  defaultConfigurationFile,
  defaultStateDirectory,
  localSocketPath,
  makeRuntimeDirectory,
  readPrivateFile,
  removeSocket,
  restrictSocket,
  runtimeDirectory,
  withPrivateUmask,
  writePrivateFile,
  writeRuntimeFile,
} from './platform.ts';
export { StateDatabase } from './state-database.ts';
export { checkStateFolder, makePrivateDirectory, takeStateFolder } from './state-folder.ts';
export { lockState, lockStateSoon, type StateLock } from './state-lock.ts';
