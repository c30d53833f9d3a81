import type { Command as Program } from 'commander';
import type { ConfigurationFlags } from '../configuration.ts';

/** What every command takes. */
export interface CommandFlags extends ConfigurationFlags {
  json?: boolean;
}

/** What a command about somebody, or about a forest, takes. */
export interface ForestFlags extends CommandFlags {
  forest?: string;
}

/** Of the flag that says which one of several people with one source anchor or one name. */
export const OF_SEVERAL = "the user's forest, if several users may be meant";

/** Adds a command that works on this machine's managed domain. */
export const subcommand = (parent: Program, name: string, description: string, isDefault = false): Program =>
  parent
    .command(name, { isDefault })
    .description(description)
    .option('--config <file>', 'configuration file (YAML)')
    .option('--state <directory>', 'state folder')
    .option('--json', 'print JSON')
    .addHelpText('after', isDefault ? `\nThe word '${name}' can be left out.` : '');

/** Adds `--forest`. The names of forests are in lower case everywhere, however they are typed. */
export const forestOption = (command: Program, description: string): Program =>
  command.option('--forest <name>', description, (text: string) => text.toLowerCase());
