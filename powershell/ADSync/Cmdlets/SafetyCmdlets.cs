using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Shared by the cmdlets for the deletion threshold.</summary>
public abstract class DeletionThresholdCmdlet : ConnectCmdlet
{
    /// <summary>Accepted for compatibility, and ignored. The socket or the token identifies you.</summary>
    [Parameter]
    public string? AADUserName { get; set; }

    /// <summary>Accepted for compatibility, and ignored. The socket or the token identifies you.</summary>
    [Parameter]
    public PSCredential? AADCredential { get; set; }
}

/// <summary>Gets the deletion threshold.</summary>
/// <remarks>If there are more deletions than the threshold within 24 hours, or more than a tenth of a forest, all of them wait for approval. The result also shows how many are waiting now. DeletionPrevention is always 1, because you cannot switch the protection off.</remarks>
/// <example>
/// <code>Get-ADSyncExportDeletionThreshold</code>
/// <para>Shows the threshold, and how many deletions are waiting.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncExportDeletionThreshold")]
[OutputType(typeof(ExportDeletionThreshold))]
public sealed class GetADSyncExportDeletionThreshold : DeletionThresholdCmdlet
{
    protected override void ProcessRecord() => Emit(null, ExportDeletionThreshold.From, new[] { "deletion-threshold" });
}

/// <summary>Sets the deletion threshold.</summary>
/// <remarks>The number can be up to deletionThreshold in Connect's configuration. The cmdlet refuses a larger one. To allow more, change the configuration. Deletions that are already waiting still need an approval.</remarks>
/// <example>
/// <code>Enable-ADSyncExportDeletionThreshold -DeletionThreshold 100</code>
/// <para>If there are more than 100 deletions within 24 hours, they wait for approval.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Enable, "ADSyncExportDeletionThreshold", SupportsShouldProcess = true)]
[OutputType(typeof(ExportDeletionThreshold))]
public sealed class EnableADSyncExportDeletionThreshold : DeletionThresholdCmdlet
{
    /// <summary>The number of deletions that may go without approval within 24 hours.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public uint DeletionThreshold { get; set; }

    protected override void ProcessRecord()
    {
        if (!ShouldProcess("every connector", $"hold more than {DeletionThreshold} deletions for approval")) return;
        var answer = Ask(DeletionThreshold, "PUT", new[] { "deletion-threshold" }, body: Query("thresholdCount", (long)DeletionThreshold));
        if (answer != null && Try(DeletionThreshold, () => ExportDeletionThreshold.From(answer)) is ExportDeletionThreshold result) WriteObject(result);
    }
}

/// <summary>Approves the deletions that are waiting now.</summary>
/// <remarks>Approves exactly the lists of deletions that are waiting at this moment. The protection stays on, so later deletions need their own approval. The next cycle sends the approved ones.</remarks>
/// <example>
/// <code>Disable-ADSyncExportDeletionThreshold -WhatIf</code>
/// <para>Shows which lists are waiting, and approves nothing.</para>
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
            if (!ShouldProcess($"{list.Count} of {list.ConnectorName}: {named}", "approve the waiting deletions")) continue;
            var approved = Ask(list, "POST", new[] { "held", list.Digest }, body: Query("operation", "delete"));
            if (approved != null && Try(list, () => ApprovedDeletions.From(approved)) is ApprovedDeletions result) WriteObject(result);
        }
        if (lists.Length == 0) WriteWarning("No deletions are waiting, so nothing was approved. The deletion threshold stays on.");
    }
}

/// <summary>Gets which connectors will run a full import or a full synchronization next.</summary>
/// <remarks>Shows whether the forest's next cycle imports everything or synchronizes everything, even if it is a delta cycle. The cycle after that is an ordinary one.</remarks>
/// <example>
/// <code>Get-ADSyncSchedulerConnectorOverride</code>
/// <para>Shows the overrides of every connector.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncSchedulerConnectorOverride")]
[OutputType(typeof(SchedulerConnectorOverride))]
public sealed class GetADSyncSchedulerConnectorOverride : ConnectCmdlet
{
    /// <summary>The connector's GUID.</summary>
    [Parameter]
    [Alias("Connector")]
    public System.Guid ConnectorIdentifier { get; set; }

    /// <summary>The connector's name. Case matters. Default: all connectors.</summary>
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

/// <summary>Makes a connector's next cycle a full import or a full synchronization.</summary>
/// <remarks>The forest's next cycle imports everything or synchronizes everything again. The cycle after that is an ordinary one. Parameters that you omit stay as they are. The cmdlet refuses the tenant's connector, because nothing is imported from the tenant.</remarks>
/// <example>
/// <code>Set-ADSyncSchedulerConnectorOverride -ConnectorName corp.example.com -FullImportRequired $true -FullSyncRequired $true
/// Start-ADSyncSyncCycle -PolicyType Delta</code>
/// <para>Runs a full import and a full synchronization of one forest.</para>
/// </example>
[Cmdlet(VerbsCommon.Set, "ADSyncSchedulerConnectorOverride", DefaultParameterSetName = "ByName", SupportsShouldProcess = true)]
public sealed class SetADSyncSchedulerConnectorOverride : ConnectCmdlet
{
    /// <summary>The connector's GUID.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ByIdentifier")]
    [Alias("Connector")]
    public System.Guid ConnectorIdentifier { get; set; }

    /// <summary>The connector's name. Case matters.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ByName", ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    /// <summary>Whether the next cycle imports everything.</summary>
    [Parameter]
    public bool FullImportRequired { get; set; }

    /// <summary>Whether the next cycle synchronizes everything.</summary>
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
