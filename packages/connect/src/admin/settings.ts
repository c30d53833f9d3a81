import { type CompanyFeature, type GlobalSettings, PROGRAM_VERSION } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { deletionThreshold } from '../objects/waiting.ts';
import type { Connect } from '../sync/connect.ts';
import { fixedParameter } from './fixed-parameter.ts';

export function globalSettings({ store, configuration, connectors }: Connect): GlobalSettings {
  const { scheduler } = store;
  const parameters = Object.entries({
    'Microsoft.Synchronize.TimeInterval':
      scheduler.customizedInterval ?? configuration.cycleIntervalMs / 1000,
    'Microsoft.Synchronize.StagingMode': store.staging.since !== undefined,
    'Microsoft.Synchronize.MaintenanceEnabled': scheduler.maintenanceEnabled,
    'Microsoft.Synchronize.RunHistoryPurgeInterval': scheduler.purgeInterval,
    'Microsoft.Synchronize.SchedulerSuspended': scheduler.suspended,
    'Microsoft.Synchronize.ServerConfigurationVersion': PROGRAM_VERSION,
    'Microsoft.Synchronize.SynchronizationSchedule': scheduler.syncCycleEnabled,
    'Microsoft.OptionalFeature.ExportDeletionThreshold': true,
    'Microsoft.OptionalFeature.ExportDeletionThresholdValue': deletionThreshold(connectors[0]!.context),
    'Microsoft.SynchronizationOption.AnchorAttribute': 'objectGUID',
    'Microsoft.SynchronizationOption.UPNAttribute': 'userPrincipalName',
    'Microsoft.OptionalFeature.AutoUpgradeState': 'Disabled',
    'Microsoft.UserSignIn.SignOnMethod': 'PasswordHashSync',
  });
  return {
    version: PROGRAM_VERSION,
    instanceId: scheduler.instanceId,
    schemaVersion: store.db.version,
    parameters: parameters.map(([name, value]) =>
      fixedParameter(name, String(value), 'SynchronizationGlobal'),
    ),
  };
}

export function companyFeature({ connectors }: Connect): CompanyFeature {
  return {
    passwordHashSync: connectors.some(({ context }) => context.store.settings.get().passwordSync),
    forcePasswordChangeOnLogOn: false,
    userWriteback: false,
    deviceWriteback: false,
    unifiedGroupWriteback: false,
    groupWritebackV2: false,
  };
}

/** @throws CausewayError 'no-such-feature' or 'password-sync-by-pair' for a change that is not possible here */
export function setCompanyFeature(
  connect: Connect,
  change: { [K in keyof CompanyFeature]?: boolean | undefined },
): CompanyFeature {
  const now = companyFeature(connect);
  for (const [name, wanted] of Object.entries(change) as [keyof CompanyFeature, boolean | undefined][]) {
    if (wanted === undefined || wanted === now[name]) continue;
    if (name === 'passwordHashSync') {
      throw new CausewayError(
        'password-sync-by-pair',
        'password hash synchronization is switched for each pair of connectors: use Set-ADSyncAADPasswordSyncConfiguration',
      );
    }
    throw new CausewayError('no-such-feature', `${name} cannot be switched on: ${WHY_NOT[name]}`);
  }
  return now;
}

const WHY_NOT: Record<Exclude<keyof CompanyFeature, 'passwordHashSync'>, string> = {
  forcePasswordChangeOnLogOn: 'a temporary password is not sent; it waits until its user has changed it',
  userWriteback: 'Causeway writes nothing to the on-premises directory',
  deviceWriteback: 'Causeway writes nothing to the on-premises directory',
  unifiedGroupWriteback: 'Causeway writes nothing to the on-premises directory',
  groupWritebackV2: 'Causeway writes nothing to the on-premises directory',
};
