import type { ConfigurationParameter } from '@causeway/contract';

/** A read-only parameter. */
export const fixedParameter = (name: string, value: string, scope: string): ConfigurationParameter => ({
  ...{
    name,
    inputType: 'String',
    scope,
    description: null,
    regexValidationPattern: null,
    defaultValue: null,
  },
  ...{ value, extensible: false, pageNumber: 0, intrinsic: true, dataType: 'String' },
});
