using System;
using System.Collections.Generic;
using System.Management.Automation;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Gets the settings of the scheduler.</summary>
/// <remarks>Shows the intervals, the type and time of the next cycle, and whether a cycle is running. While cycles are switched off or suspended, NextSyncCycleStartTimeInUTC can lie in the past.</remarks>
/// <example>
/// <code>Get-ADSyncScheduler</code>
/// <para>Shows the settings.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncScheduler")]
[OutputType(typeof(SchedulerSettings))]
public sealed class GetADSyncScheduler : ConnectCmdlet
{
    protected override void ProcessRecord() => Emit(null, SchedulerSettings.From, new[] { "scheduler" });
}

/// <summary>Changes the settings of the scheduler.</summary>
/// <remarks>Changes only the settings that you specify. Password hashes are synchronized through their own channel and do not wait for cycles.</remarks>
/// <example>
/// <code>Set-ADSyncScheduler -CustomizedSyncCycleInterval 01:00:00</code>
/// <para>Runs one cycle per hour.</para>
/// </example>
/// <example>
/// <code>Set-ADSyncScheduler -SyncCycleEnabled $false</code>
/// <para>Stops automatic cycles.</para>
/// </example>
[Cmdlet(VerbsCommon.Set, "ADSyncScheduler", SupportsShouldProcess = true)]
public sealed class SetADSyncScheduler : ConnectCmdlet
{
    /// <summary>The interval that you want. If the allowed interval is longer, that one applies. $null removes your interval.</summary>
    [Parameter]
    [AllowNull]
    public TimeSpan? CustomizedSyncCycleInterval { get; set; }

    /// <summary>Whether cycles run automatically.</summary>
    [Parameter]
    public bool SyncCycleEnabled { get; set; }

    /// <summary>The type of the next cycle: Delta for changes only, or Initial for everything again.</summary>
    [Parameter]
    public SynchronizationPolicyType NextSyncCyclePolicyType { get; set; }

    /// <summary>How long Connect keeps the run history.</summary>
    [Parameter]
    public TimeSpan PurgeRunHistoryInterval { get; set; }

    /// <summary>Whether maintenance runs.</summary>
    [Parameter]
    public bool MaintenanceEnabled { get; set; }

    /// <summary>Whether the scheduler is suspended.</summary>
    [Parameter]
    public bool SchedulerSuspended { get; set; }

    /// <summary>Accepted for compatibility. It changes nothing.</summary>
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

/// <summary>Starts a synchronization cycle of all connectors.</summary>
/// <remarks>Starts the cycle and returns at once. Until the cycle has finished, Get-ADSyncConnectorRunStatus shows every connector as busy. If you start another cycle during that time, the cmdlet throws an InvalidOperationException whose message contains 'is busy'.</remarks>
/// <example>
/// <code>Start-ADSyncSyncCycle -PolicyType Delta</code>
/// <para>Imports, synchronizes and exports the changes.</para>
/// </example>
/// <example>
/// <code>Start-ADSyncSyncCycle -PolicyType Initial</code>
/// <para>Imports and synchronizes everything again.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Start, "ADSyncSyncCycle", SupportsShouldProcess = true)]
[OutputType(typeof(SyncCycleResult))]
public sealed class StartADSyncSyncCycle : ConnectCmdlet
{
    /// <summary>Delta for changes only (the default), or Initial for everything again.</summary>
    [Parameter(Position = 0)]
    public SynchronizationPolicyType PolicyType { get; set; }

    /// <summary>Accepted for compatibility. It changes nothing.</summary>
    [Parameter(Position = 1)]
    public SwitchParameter InteractiveMode { get; set; }

    protected override void ProcessRecord()
    {
        var type = PolicyType == SynchronizationPolicyType.Unspecified ? SynchronizationPolicyType.Delta : PolicyType;
        if (!ShouldProcess("every connector", $"start a cycle ({type})")) return;
        var answer = Ask(null, "POST", new[] { "cycles" }, body: Query("policyType", type.ToString()));
        if (answer is null) return;
        if (Try(null, () => (object)answer.Flag("started")) is true) WriteObject(new SyncCycleResult("Success"));
        else WriteError(ErrorRecords.From(new Api.ConnectException("cycle-in-progress", "Connect is busy: a cycle is already running", null, 409), null));
    }
}

/// <summary>Stops the cycle that is running.</summary>
/// <remarks>Stops the cycle at its next safe point, and waits until it has stopped. The next cycle resumes from there.</remarks>
/// <example>
/// <code>Stop-ADSyncSyncCycle</code>
/// <para>Stops the cycle, if one is running.</para>
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
/// <remarks>Returns nothing when all connectors are idle.</remarks>
/// <example>
/// <code>while (Get-ADSyncConnectorRunStatus) { Start-Sleep -Seconds 1 }</code>
/// <para>Waits until all connectors are idle.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncConnectorRunStatus")]
[OutputType(typeof(ConnectorRunStatus))]
public sealed class GetADSyncConnectorRunStatus : ConnectCmdlet
{
    /// <summary>The connector's name. Case matters. Default: all connectors.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    protected override void ProcessRecord() =>
        EmitAll(ConnectorName, "running", ConnectorRunStatus.From, new[] { "cycles", "running" }, Query("connector", ConnectorName));
}
