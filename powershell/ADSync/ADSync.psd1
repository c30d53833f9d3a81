@{
    RootModule           = 'ADSync.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '6f0d2c3e-8a41-4f0b-9d55-2b7a5c1e9f34'
    Author               = 'The Causeway authors'
    CompanyName          = 'Causeway'
    Copyright            = 'Apache License 2.0'
    Description          = 'Works with Causeway Connect by the cmdlets that administrators of Azure AD Connect know.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    FormatsToProcess     = @('ADSync.format.ps1xml')
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    CmdletsToExport      = @(
        'Add-ADSyncConnector'
        'Disable-ADSyncExportDeletionThreshold'
        'Enable-ADSyncExportDeletionThreshold'
        'Get-ADSyncAADCompanyFeature'
        'Get-ADSyncAADPasswordSyncConfiguration'
        'Get-ADSyncAutoUpgrade'
        'Get-ADSyncConnector'
        'Get-ADSyncConnectorRunStatus'
        'Get-ADSyncConnectorStatistics'
        'Get-ADSyncCSObject'
        'Get-ADSyncCSObjectLog'
        'Get-ADSyncDomainReachabilityStatus'
        'Get-ADSyncExportDeletionThreshold'
        'Get-ADSyncGlobalSettings'
        'Get-ADSyncGlobalSettingsParameter'
        'Get-ADSyncMVObject'
        'Get-ADSyncPartitionPasswordSyncState'
        'Get-ADSyncRule'
        'Get-ADSyncRunProfileResult'
        'Get-ADSyncRunStepResult'
        'Get-ADSyncScheduler'
        'Get-ADSyncSchedulerConnectorOverride'
        'Get-ADSyncServerConfiguration'
        'Get-CausewayConnection'
        'Get-CausewayFullPasswordSync'
        'Invoke-ADSyncCSObjectPasswordHashSync'
        'Invoke-ADSyncDiagnostics'
        'Register-CausewayConnection'
        'Set-ADSyncAADCompanyFeature'
        'Set-ADSyncAADPasswordSyncConfiguration'
        'Set-ADSyncScheduler'
        'Set-ADSyncSchedulerConnectorOverride'
        'Start-ADSyncSyncCycle'
        'Stop-ADSyncSyncCycle'
        'Unregister-CausewayConnection'
    )
    PrivateData          = @{ PSData = @{ LicenseUri = 'https://www.apache.org/licenses/LICENSE-2.0' } }
}
