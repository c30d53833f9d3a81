using System.Collections.Generic;
using System.Management.Automation;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Gets Connect's version, identity and settings.</summary>
/// <remarks>The settings have the same names as in the original, for example Microsoft.Synchronize.StagingMode.</remarks>
/// <example>
/// <code>(Get-ADSyncGlobalSettings).Parameters</code>
/// <para>Shows all settings.</para>
/// </example>
/// <example>
/// <code>(Get-ADSyncGlobalSettings).Parameters['Microsoft.Synchronize.ServerConfigurationVersion'].Value</code>
/// <para>Shows Connect's version.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncGlobalSettings")]
[OutputType(typeof(GlobalSettings))]
public sealed class GetADSyncGlobalSettings : ConnectCmdlet
{
    protected override void ProcessRecord() => Emit(null, GlobalSettings.From, new[] { "settings" });
}

/// <summary>Gets Connect's settings one by one.</summary>
/// <remarks>Returns the same as the property Parameters of Get-ADSyncGlobalSettings.</remarks>
/// <example>
/// <code>Get-ADSyncGlobalSettingsParameter | Where-Object { $_.Name -like '*StagingMode*' }</code>
/// <para>Shows whether Connect is in staging mode.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncGlobalSettingsParameter")]
[OutputType(typeof(ConfigurationParameter))]
public sealed class GetADSyncGlobalSettingsParameter : ConnectCmdlet
{
    protected override void ProcessRecord() => EmitAll(null, "parameters", ConfigurationParameter.From, new[] { "settings" });
}

/// <summary>Gets which features are on.</summary>
/// <remarks>Features that Causeway does not have are $false, and you cannot switch them on.</remarks>
/// <example>
/// <code>(Get-ADSyncAADCompanyFeature).PasswordHashSync</code>
/// <para>Shows whether password hash synchronization is on.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncAADCompanyFeature")]
[OutputType(typeof(CompanyFeature))]
public sealed class GetADSyncAADCompanyFeature : ConnectCmdlet
{
    /// <summary>Accepted for compatibility with older scripts. It changes nothing, because there is only one tenant.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(TenantNameCompleter))]
    public string? ConnectorName { get; set; }

    protected override void ProcessRecord() => Emit(null, CompanyFeature.From, new[] { "company-feature" });
}

/// <summary>Switches features on or off.</summary>
/// <remarks>Changes only the features that you specify. You can switch off a feature that Causeway does not have, so that existing scripts work. If you switch one on, the cmdlet refuses and gives the reason. To switch password hash synchronization, use Set-ADSyncAADPasswordSyncConfiguration for each pair of connectors.</remarks>
/// <example>
/// <code>Set-ADSyncAADCompanyFeature -GroupWritebackV2 $false</code>
/// <para>Switches group writeback off. Causeway never writes groups back, so this changes nothing.</para>
/// </example>
[Cmdlet(VerbsCommon.Set, "ADSyncAADCompanyFeature", SupportsShouldProcess = true)]
[OutputType(typeof(CompanyFeature))]
public sealed class SetADSyncAADCompanyFeature : ConnectCmdlet
{
    /// <summary>Accepted for compatibility with older scripts. It changes nothing, because there is only one tenant.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(TenantNameCompleter))]
    public string? ConnectorName { get; set; }

    /// <summary>Accepted for compatibility, and ignored. The socket or the token identifies you.</summary>
    [Parameter]
    public string? AADUserName { get; set; }

    /// <summary>Password hash synchronization.</summary>
    [Parameter]
    public bool PasswordHashSync { get; set; }

    /// <summary>Synchronization of temporary passwords, which users must change at the next logon.</summary>
    [Parameter]
    [Alias("ForcePasswordResetOnLogonFeature")]
    public bool ForcePasswordChangeOnLogOn { get; set; }

    /// <summary>Writeback of users.</summary>
    [Parameter]
    public bool UserWriteback { get; set; }

    /// <summary>Writeback of devices.</summary>
    [Parameter]
    public bool DeviceWriteback { get; set; }

    /// <summary>Writeback of unified groups.</summary>
    [Parameter]
    public bool UnifiedGroupWriteback { get; set; }

    /// <summary>Writeback of groups, version 2.</summary>
    [Parameter]
    public bool GroupWritebackV2 { get; set; }

    protected override void ProcessRecord()
    {
        var change = new Dictionary<string, object?>();
        void Give(string parameter, bool value)
        {
            if (MyInvocation.BoundParameters.ContainsKey(parameter)) change[char.ToLowerInvariant(parameter[0]) + parameter.Substring(1)] = value;
        }

        Give(nameof(PasswordHashSync), PasswordHashSync);
        Give(nameof(ForcePasswordChangeOnLogOn), ForcePasswordChangeOnLogOn);
        Give(nameof(UserWriteback), UserWriteback);
        Give(nameof(DeviceWriteback), DeviceWriteback);
        Give(nameof(UnifiedGroupWriteback), UnifiedGroupWriteback);
        Give(nameof(GroupWritebackV2), GroupWritebackV2);
        if (change.Count == 0 || !ShouldProcess("the tenant", $"change the features {string.Join(", ", change.Keys)}")) return;
        var answer = Ask(null, "PUT", new[] { "company-feature" }, body: change);
        if (answer != null && Try(null, () => CompanyFeature.From(answer)) is CompanyFeature feature) WriteObject(feature);
    }
}
