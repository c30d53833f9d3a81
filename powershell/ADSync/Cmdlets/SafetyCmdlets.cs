using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Shared by the cmdlets for the deletion threshold.</summary>
public abstract class DeletionThresholdCmdlet : ConnectCmdlet
{
    /// <summary>Taken as the original does; the socket or the token says who you are.</summary>
    [Parameter]
    public string? AADUserName { get; set; }

    /// <summary>Taken for old scripts; the socket or the token says who you are.</summary>
    [Parameter]
    public PSCredential? AADCredential { get; set; }
}

/// <summary>Gets above how many deletions all of them wait.</summary>
/// <remarks>The number of deletions within 24 hours, beside which a tenth of each forest counts, and how many wait for an approval now. DeletionPrevention is always 1: the protection cannot be switched off.</remarks>
/// <example>
/// <code>Get-ADSyncExportDeletionThreshold</code>
/// <para>The number, and how many deletions wait.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncExportDeletionThreshold")]
[OutputType(typeof(ExportDeletionThreshold))]
public sealed class GetADSyncExportDeletionThreshold : DeletionThresholdCmdlet
{
    protected override void ProcessRecord() => Emit(null, ExportDeletionThreshold.From, new[] { "deletion-threshold" });
}

/// <summary>Sets above how many deletions all of them wait.</summary>
/// <remarks>Sets a lower number than the configuration's deletionThreshold, or that number again. A larger one is refused: it is set in the configuration. What waits already goes by approval alone.</remarks>
/// <example>
/// <code>Enable-ADSyncExportDeletionThreshold -DeletionThreshold 100</code>
/// <para>More than 100 deletions within 24 hours wait.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Enable, "ADSyncExportDeletionThreshold", SupportsShouldProcess = true)]
[OutputType(typeof(ExportDeletionThreshold))]
public sealed class EnableADSyncExportDeletionThreshold : DeletionThresholdCmdlet
{
    /// <summary>The number of deletions.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public uint DeletionThreshold { get; set; }

    protected override void ProcessRecord()
    {
        if (!ShouldProcess("every connector", $"let more than {DeletionThreshold} deletions wait")) return;
        var answer = Ask(DeletionThreshold, "PUT", new[] { "deletion-threshold" }, body: Query("thresholdCount", (long)DeletionThreshold));
        if (answer != null && Try(DeletionThreshold, () => ExportDeletionThreshold.From(answer)) is ExportDeletionThreshold result) WriteObject(result);
    }
}

/// <summary>Approves the deletions that wait now.</summary>
/// <remarks>Approves the lists of deletions that wait at this moment, exactly as they are, and nothing else: the protection stays on, and whoever is to be deleted later waits for an approval of their own. Approved ones go with the next cycle.</remarks>
/// <example>
/// <code>Disable-ADSyncExportDeletionThreshold -WhatIf</code>
/// <para>Tells which lists wait, and approves nothing.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Disable, "ADSyncExportDeletionThreshold", SupportsShouldProcess = true)]
[OutputType(typeof(ApprovedDeletions))]
public sealed class DisableADSyncExportDeletionThreshold : DeletionThresholdCmdlet
{
    protected override void ProcessRecord()
    {
        var answer = Ask(null, "GET", new[] { "held" }, Query("operation", "delete"));
        var lists = answer is null ? null : Try(null, () => answer.Objects("lists").Select(ApprovedDeletions.From).ToArray());
        if (lists is null) return;
        foreach (var list in lists)
        {
            var named = string.Join(", ", list.Users.Take(10)) + (list.Count > 10 ? " and others" : string.Empty);
            if (!ShouldProcess($"{list.Count} of {list.ConnectorName}: {named}", "approve the deletions that wait")) continue;
            var approved = Ask(list, "POST", new[] { "held", list.Digest }, body: Query("operation", "delete"));
            if (approved != null && Try(list, () => ApprovedDeletions.From(approved)) is ApprovedDeletions result) WriteObject(result);
        }
        if (lists.Length == 0) WriteWarning("no deletions wait, so nothing was approved; the deletion threshold stays on");
    }
}

/// <summary>Gets what of the connectors' next cycles is done anew.</summary>
/// <remarks>Whether a forest's next cycle imports everything, or decides about everything, whatever else it is. It is over with that cycle.</remarks>
/// <example>
/// <code>Get-ADSyncSchedulerConnectorOverride</code>
/// <para>Of every connector.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncSchedulerConnectorOverride")]
[OutputType(typeof(SchedulerConnectorOverride))]
public sealed class GetADSyncSchedulerConnectorOverride : ConnectCmdlet
{
    /// <summary>The connector's GUID.</summary>
    [Parameter]
    [Alias("Connector")]
    public System.Guid ConnectorIdentifier { get; set; }

    /// <summary>The connector's name; upper and lower case count. Every connector when both are left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    protected override void ProcessRecord()
    {
        var connector = ConnectorIdentifier != System.Guid.Empty ? ConnectorIdentifier.ToString("D") : ConnectorName;
        EmitAll(connector, "overrides", SchedulerConnectorOverride.From, new[] { "scheduler", "overrides" }, Query("connector", connector));
    }
}

/// <summary>Lets a connector's next cycle do everything anew.</summary>
/// <remarks>The next cycle of the forest imports everything, or decides about everything anew; the one after that is an ordinary one. What is not given stays. The tenant imports nothing, so that its connector is refused.</remarks>
/// <example>
/// <code>Set-ADSyncSchedulerConnectorOverride -ConnectorName corp.example.com -FullImportRequired $true -FullSyncRequired $true
/// Start-ADSyncSyncCycle -PolicyType Delta</code>
/// <para>A full import and synchronization of one forest.</para>
/// </example>
[Cmdlet(VerbsCommon.Set, "ADSyncSchedulerConnectorOverride", DefaultParameterSetName = "ByName", SupportsShouldProcess = true)]
public sealed class SetADSyncSchedulerConnectorOverride : ConnectCmdlet
{
    /// <summary>The connector's GUID.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ByIdentifier")]
    [Alias("Connector")]
    public System.Guid ConnectorIdentifier { get; set; }

    /// <summary>The connector's name; upper and lower case count.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ByName", ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    /// <summary>Whether the next cycle imports everything.</summary>
    [Parameter]
    public bool FullImportRequired { get; set; }

    /// <summary>Whether the next cycle decides about everything.</summary>
    [Parameter]
    public bool FullSyncRequired { get; set; }

    protected override void ProcessRecord()
    {
        var connector = ParameterSetName == "ByIdentifier" ? ConnectorIdentifier.ToString("D") : ConnectorName!;
        var change = new Dictionary<string, object?>();
        if (MyInvocation.BoundParameters.ContainsKey(nameof(FullImportRequired))) change["fullImportRequired"] = FullImportRequired;
        if (MyInvocation.BoundParameters.ContainsKey(nameof(FullSyncRequired))) change["fullSyncRequired"] = FullSyncRequired;
        if (change.Count == 0 || !ShouldProcess(connector, $"change {string.Join(", ", change.Keys)} of the next cycle")) return;
        Ask(connector, "PUT", new[] { "scheduler", "overrides", connector }, body: change);
    }
}
