export { connectCommands } from './commands/commands.ts';
export { ConnectConfiguration, ConnectorConfiguration } from './configuration.ts';
export { doctorCommand } from './doctor/doctor-command.ts';
export { EVENTS, type EventName, type EventRow } from './store/events.ts';
