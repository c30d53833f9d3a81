using System.Collections.Generic;
using System.Management.Automation;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Gets Connect's version, identity and settings.</summary>
/// <remarks>The settings have the original's names, for example Microsoft.Synchronize.StagingMode.</remarks>
/// <example>
/// <code>(Get-ADSyncGlobalSettings).Parameters</code>
/// <para>Every setting.</para>
/// </example>
/// <example>
/// <code>(Get-ADSyncGlobalSettings).Parameters['Microsoft.Synchronize.ServerConfigurationVersion'].Value</code>
/// <para>Connect's version.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncGlobalSettings")]
[OutputType(typeof(GlobalSettings))]
public sealed class GetADSyncGlobalSettings : ConnectCmdlet
{
    protected override void ProcessRecord() => Emit(null, GlobalSettings.From, new[] { "settings" });
}

/// <summary>Gets Connect's settings one by one.</summary>
/// <remarks>The same as the Parameters of Get-ADSyncGlobalSettings.</remarks>
/// <example>
/// <code>Get-ADSyncGlobalSettingsParameter | Where-Object { $_.Name -like '*StagingMode*' }</code>
/// <para>Whether Connect is in staging mode.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncGlobalSettingsParameter")]
[OutputType(typeof(ConfigurationParameter))]
public sealed class GetADSyncGlobalSettingsParameter : ConnectCmdlet
{
    protected override void ProcessRecord() => EmitAll(null, "parameters", ConfigurationParameter.From, new[] { "settings" });
}

/// <summary>Gets which features are on.</summary>
/// <remarks>What Causeway has not got is $false and cannot be switched on.</remarks>
/// <example>
/// <code>(Get-ADSyncAADCompanyFeature).PasswordHashSync</code>
/// <para>Whether passwords are synchronized.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncAADCompanyFeature")]
[OutputType(typeof(CompanyFeature))]
public sealed class GetADSyncAADCompanyFeature : ConnectCmdlet
{
    /// <summary>Taken for old scripts, which name the tenant's connector; there is one tenant.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(TenantNameCompleter))]
    public string? ConnectorName { get; set; }

    protected override void ProcessRecord() => Emit(null, CompanyFeature.From, new[] { "company-feature" });
}

/// <summary>Switches features on or off.</summary>
/// <remarks>Changes what is given and leaves the rest. What Causeway has not got can be switched off, so that scripts which do so run, and is refused with a reason when it is to be switched on. Password hash synchronization is switched for each pair of connectors, by Set-ADSyncAADPasswordSyncConfiguration.</remarks>
/// <example>
/// <code>Set-ADSyncAADCompanyFeature -GroupWritebackV2 $false</code>
/// <para>Groups are not written back. They never are, and nothing changes.</para>
/// </example>
[Cmdlet(VerbsCommon.Set, "ADSyncAADCompanyFeature", SupportsShouldProcess = true)]
[OutputType(typeof(CompanyFeature))]
public sealed class SetADSyncAADCompanyFeature : ConnectCmdlet
{
    /// <summary>Taken for old scripts, which name the tenant's connector; there is one tenant.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(TenantNameCompleter))]
    public string? ConnectorName { get; set; }

    /// <summary>Taken as the original does; who may do this is decided by the token or the socket.</summary>
    [Parameter]
    public string? AADUserName { get; set; }

    /// <summary>Password hash synchronization.</summary>
    [Parameter]
    public bool PasswordHashSync { get; set; }

    /// <summary>Must-change at the next logon goes along.</summary>
    [Parameter]
    [Alias("ForcePasswordResetOnLogonFeature")]
    public bool ForcePasswordChangeOnLogOn { get; set; }

    /// <summary>Users are written back.</summary>
    [Parameter]
    public bool UserWriteback { get; set; }

    /// <summary>Devices are written back.</summary>
    [Parameter]
    public bool DeviceWriteback { get; set; }

    /// <summary>Unified groups are written back.</summary>
    [Parameter]
    public bool UnifiedGroupWriteback { get; set; }

    /// <summary>Groups are written back, second version.</summary>
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
