import { z } from 'zod';
import { ObjectGuid, text } from '../common.ts';

/** A connector's name. Case-sensitive, as in the original. */
export const ConnectorName = text(100).min(1);

export const Identifier = ObjectGuid;

export const MAX_PARAMETERS = 100;

/** The parameter with which an administrator requests a full password sync. It takes effect when the channel is switched on. */
export const FORCE_FULL_PASSWORD_SYNC = 'Microsoft.Synchronize.ForceFullPasswordSync';

/** A named value that is stored with a connector. The fields are those of the original's ConfigurationParameter. */
export const ConfigurationParameter = z.strictObject({
  name: text(256).min(1),
  inputType: text(50),
  scope: text(50),
  description: text(1024).nullable(),
  regexValidationPattern: text(1024).nullable(),
  defaultValue: text(1024).nullable(),
  value: z.union([text(4096), z.number(), z.boolean()]).nullable(),
  extensible: z.boolean(),
  pageNumber: z.int(),
  intrinsic: z.boolean(),
  dataType: text(100),
});
export type ConfigurationParameter = z.infer<typeof ConfigurationParameter>;

/** The parameter of that name, as the original's script makes it. A value of 1 requests the pass. */
export const forceFullPasswordSync = (value: ConfigurationParameter['value']): ConfigurationParameter => ({
  name: FORCE_FULL_PASSWORD_SYNC,
  inputType: 'String',
  scope: 'ConnectorGlobal',
  description: null,
  regexValidationPattern: null,
  defaultValue: null,
  value,
  extensible: false,
  pageNumber: 0,
  intrinsic: false,
  dataType: 'String',
});

export const ConfigurationParameters = z.array(ConfigurationParameter).max(MAX_PARAMETERS);
