export { connectCommands } from './commands/commands.ts';
export { ConnectConfiguration, ConnectorConfiguration } from './configuration.ts';
export { doctorCommand } from './doctor/doctor-command.ts';
