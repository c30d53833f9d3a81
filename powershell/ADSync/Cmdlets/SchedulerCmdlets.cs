using System;
using System.Collections.Generic;
using System.Management.Automation;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Gets when cycles run.</summary>
/// <remarks>Intervals, what the next cycle does and when, and whether one is under way. NextSyncCycleStartTimeInUTC is past while cycles stand still.</remarks>
/// <example>
/// <code>Get-ADSyncScheduler</code>
/// <para>Shows the scheduler.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncScheduler")]
[OutputType(typeof(SchedulerSettings))]
public sealed class GetADSyncScheduler : ConnectCmdlet
{
    protected override void ProcessRecord() => Emit(null, SchedulerSettings.From, new[] { "scheduler" });
}

/// <summary>Changes when cycles run.</summary>
/// <remarks>Changes what is given and leaves the rest. Passwords have a channel of their own and do not wait for cycles.</remarks>
/// <example>
/// <code>Set-ADSyncScheduler -CustomizedSyncCycleInterval 01:00:00</code>
/// <para>A cycle an hour.</para>
/// </example>
/// <example>
/// <code>Set-ADSyncScheduler -SyncCycleEnabled $false</code>
/// <para>No more cycles by themselves.</para>
/// </example>
[Cmdlet(VerbsCommon.Set, "ADSyncScheduler", SupportsShouldProcess = true)]
public sealed class SetADSyncScheduler : ConnectCmdlet
{
    /// <summary>The interval that you want; the larger of it and the allowed one counts. $null takes it away.</summary>
    [Parameter]
    [AllowNull]
    public TimeSpan? CustomizedSyncCycleInterval { get; set; }

    /// <summary>Whether cycles run by themselves.</summary>
    [Parameter]
    public bool SyncCycleEnabled { get; set; }

    /// <summary>What the next cycle does: Delta, or Initial for everything anew.</summary>
    [Parameter]
    public SynchronizationPolicyType NextSyncCyclePolicyType { get; set; }

    /// <summary>How long the history of runs is kept.</summary>
    [Parameter]
    public TimeSpan PurgeRunHistoryInterval { get; set; }

    /// <summary>Whether maintenance runs.</summary>
    [Parameter]
    public bool MaintenanceEnabled { get; set; }

    /// <summary>Whether the scheduler is suspended.</summary>
    [Parameter]
    public bool SchedulerSuspended { get; set; }

    /// <summary>Taken as the original does; there is nothing here that asks first.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        var change = new Dictionary<string, object?>();
        void Give(string parameter, string name, Func<object?> value)
        {
            if (MyInvocation.BoundParameters.ContainsKey(parameter)) change[name] = value();
        }

        Give(nameof(CustomizedSyncCycleInterval), "customizedSyncCycleInterval", () => CustomizedSyncCycleInterval is TimeSpan span ? (object)(long)span.TotalSeconds : null);
        Give(nameof(SyncCycleEnabled), "syncCycleEnabled", () => SyncCycleEnabled);
        if (NextSyncCyclePolicyType != SynchronizationPolicyType.Unspecified) change["nextSyncCyclePolicyType"] = NextSyncCyclePolicyType.ToString();
        Give(nameof(PurgeRunHistoryInterval), "purgeRunHistoryInterval", () => (long)PurgeRunHistoryInterval.TotalSeconds);
        Give(nameof(MaintenanceEnabled), "maintenanceEnabled", () => MaintenanceEnabled);
        Give(nameof(SchedulerSuspended), "schedulerSuspended", () => SchedulerSuspended);
        if (change.Count == 0 || !ShouldProcess("the scheduler", $"change {string.Join(", ", change.Keys)}")) return;
        Ask(null, "PUT", new[] { "scheduler" }, body: change);
    }
}

/// <summary>Starts a cycle of every connector.</summary>
/// <remarks>Does not wait for its end: Get-ADSyncConnectorRunStatus shows every connector as busy until then, and no other cycle can be started. A start at that time is an InvalidOperationException that says 'is busy'.</remarks>
/// <example>
/// <code>Start-ADSyncSyncCycle -PolicyType Delta</code>
/// <para>Imports, synchronizes and exports what has changed.</para>
/// </example>
/// <example>
/// <code>Start-ADSyncSyncCycle -PolicyType Initial</code>
/// <para>Imports and synchronizes everything anew.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Start, "ADSyncSyncCycle", SupportsShouldProcess = true)]
[OutputType(typeof(SyncCycleResult))]
public sealed class StartADSyncSyncCycle : ConnectCmdlet
{
    /// <summary>Delta for what has changed (the default), Initial for everything anew.</summary>
    [Parameter(Position = 0)]
    public SynchronizationPolicyType PolicyType { get; set; }

    /// <summary>Taken as the original does; it changes nothing here.</summary>
    [Parameter(Position = 1)]
    public SwitchParameter InteractiveMode { get; set; }

    protected override void ProcessRecord()
    {
        var type = PolicyType == SynchronizationPolicyType.Unspecified ? SynchronizationPolicyType.Delta : PolicyType;
        if (!ShouldProcess("every connector", $"start a cycle ({type})")) return;
        var answer = Ask(null, "POST", new[] { "cycles" }, body: Query("policyType", type.ToString()));
        if (answer is null) return;
        if (Try(null, () => (object)answer.Flag("started")) is true) WriteObject(new SyncCycleResult("Success"));
        else WriteError(ErrorRecords.From(new Api.ConnectException("cycle-in-progress", "Connect is busy: a cycle is under way already", null, 409), null));
    }
}

/// <summary>Stops the cycle that is under way.</summary>
/// <remarks>Stops it at its next safe point and waits for that. The next cycle goes on from there.</remarks>
/// <example>
/// <code>Stop-ADSyncSyncCycle</code>
/// <para>Stops the cycle, if there is one.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Stop, "ADSyncSyncCycle", SupportsShouldProcess = true)]
[OutputType(typeof(SyncCycleResult))]
public sealed class StopADSyncSyncCycle : ConnectCmdlet
{
    protected override void ProcessRecord()
    {
        if (!ShouldProcess("every connector", "stop the cycle")) return;
        if (Ask(null, "DELETE", new[] { "cycles" }) != null) WriteObject(new SyncCycleResult("Success"));
    }
}

/// <summary>Gets the connectors that are busy.</summary>
/// <remarks>Nothing comes when all is idle.</remarks>
/// <example>
/// <code>while (Get-ADSyncConnectorRunStatus) { Start-Sleep -Seconds 1 }</code>
/// <para>Waits until all is idle.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncConnectorRunStatus")]
[OutputType(typeof(ConnectorRunStatus))]
public sealed class GetADSyncConnectorRunStatus : ConnectCmdlet
{
    /// <summary>The connector's name; upper and lower case count. Every connector when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    protected override void ProcessRecord() =>
        EmitAll(ConnectorName, "running", ConnectorRunStatus.From, new[] { "cycles", "running" }, Query("connector", ConnectorName));
}
