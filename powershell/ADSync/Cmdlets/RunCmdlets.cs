using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using Causeway.ADSync.Api;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Shared by the cmdlets for runs.</summary>
public abstract class RunCmdlet : ConnectCmdlet
{
    /// <summary>The most runs of one answer.</summary>
    private const int Page = 1000;

    /// <summary>The newest runs, up to the wanted number.</summary>
    internal IEnumerable<JsonObject> Runs(object? target, Dictionary<string, object?> query, int wanted)
    {
        for (var left = wanted; left > 0;)
        {
            query["limit"] = Math.Min(Page, left);
            var answer = Ask(target, "GET", new[] { "runs" }, query);
            var runs = answer is null ? null : Try(target, () => answer.Objects("runs"));
            if (runs is null) yield break;
            foreach (var run in runs) yield return run;
            left -= runs.Count;
            if (runs.Count < Page || left <= 0 || !(Try(target, () => (object)runs[runs.Count - 1].Integer("runNumber")) is int last)) yield break;
            query["before"] = last;
        }
    }

    /// <summary>A run with its errors.</summary>
    internal JsonObject? Details(Guid run) => Ask(run, "GET", new[] { "runs", run.ToString("D") });

    /// <summary>The run's one step. Asks for objects with an error only if there are any.</summary>
    internal RunStepResult? Step(JsonObject run) => Try(run, () =>
    {
        var errors = run.Integer("errors") > 0 ? Details(run.Identifier("runHistoryId"))?.Objects("objectErrors") : null;
        return RunStepResult.From(run, errors ?? Array.Empty<JsonObject>());
    });
}

/// <summary>Gets the run history: imports, synchronizations, exports and password cycles.</summary>
/// <remarks>Returns runs, newest first. Imports, synchronizations and password cycles belong to a forest's connector, exports to the tenant's connector. Runs within half an hour that found nothing are shown as one. Looks counts them. Connect keeps runs for seven days. To change that, use Set-ADSyncScheduler -PurgeRunHistoryInterval. Times are in UTC.</remarks>
/// <example>
/// <code>Get-ADSyncRunProfileResult -NumberRequested 5</code>
/// <para>Shows the last five runs.</para>
/// </example>
/// <example>
/// <code>foreach ($connector in Get-ADSyncConnector) {
///   foreach ($profile in $connector.RunProfiles) {
///     Get-ADSyncRunProfileResult -ConnectorId $connector.Identifier -RunProfileId $profile.Identifier -NumberRequested 1
///   }
/// }</code>
/// <para>Shows the last run of each run profile of each connector.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncRunProfileResult")]
[OutputType(typeof(RunProfileResult))]
public sealed class GetADSyncRunProfileResult : RunCmdlet
{
    /// <summary>The GUID of one run.</summary>
    [Parameter]
    public Guid RunHistoryId { get; set; }

    /// <summary>The GUID of a connector. Returns only its runs.</summary>
    [Parameter]
    public Guid ConnectorId { get; set; }

    /// <summary>The name of a connector, instead of its GUID. Case matters.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    /// <summary>The GUID of a run profile. A connector lists its run profiles in RunProfiles.</summary>
    [Parameter]
    public Guid RunProfileId { get; set; }

    /// <summary>The number of one run.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int RunNumber { get; set; }

    /// <summary>Returns at most this many runs. 0 (the default) returns all of them.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int NumberRequested { get; set; }

    /// <summary>Adds RunStepResults, including the objects that had errors.</summary>
    [Parameter]
    public SwitchParameter RunStepDetails { get; set; }

    /// <summary>Accepted for compatibility. A run has one step.</summary>
    [Parameter]
    [ValidateRange(0, 1)]
    public int StepNumber { get; set; }

    protected override void ProcessRecord()
    {
        if (RunHistoryId != Guid.Empty)
        {
            var details = Details(RunHistoryId);
            if (details != null && Try(RunHistoryId, () => details.ObjectOrNull("run")) is JsonObject one) Write(one);
            return;
        }
        var query = new Dictionary<string, object?>
        {
            ["connector"] = ConnectorId != Guid.Empty ? ConnectorId.ToString("D") : ConnectorName,
            ["profile"] = RunProfileId != Guid.Empty ? RunProfileId.ToString("D") : null,
            ["number"] = RunNumber > 0 ? (object)RunNumber : null,
        };
        foreach (var run in Runs(query["connector"], query, NumberRequested > 0 ? NumberRequested : int.MaxValue)) Write(run);
    }

    private void Write(JsonObject run)
    {
        var steps = RunStepDetails && Step(run) is RunStepResult step ? new[] { step } : Array.Empty<RunStepResult>();
        if (Try(run, () => RunProfileResult.From(run, steps)) is RunProfileResult result) WriteObject(result);
    }
}

/// <summary>Gets the results of the steps of runs.</summary>
/// <remarks>A run has one step. It has the counters of the original: Stage… for an import, Connector… and Disconnector… for a synchronization, Export… for an export or a password cycle. SyncErrors lists the first hundred objects that had errors.</remarks>
/// <example>
/// <code>Get-ADSyncRunProfileResult | Where-Object { $_.Result -ne 'success' } | Get-ADSyncRunStepResult</code>
/// <para>Shows the steps of all runs that did not succeed.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncRunStepResult")]
[OutputType(typeof(RunStepResult))]
public sealed class GetADSyncRunStepResult : RunCmdlet
{
    /// <summary>The GUID of the run. Default: all runs.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    public Guid RunHistoryId { get; set; }

    /// <summary>The GUID of the step. It is the same as the GUID of its run.</summary>
    [Parameter]
    public Guid StepHistoryId { get; set; }

    /// <summary>Returns only the first step.</summary>
    [Parameter]
    public SwitchParameter First { get; set; }

    /// <summary>Accepted for compatibility. A run has one step.</summary>
    [Parameter]
    [ValidateRange(0, 1)]
    public int StepNumber { get; set; }

    protected override void ProcessRecord()
    {
        var id = RunHistoryId != Guid.Empty ? RunHistoryId : StepHistoryId;
        if (id != Guid.Empty)
        {
            var details = Details(id);
            if (details is null) return;
            var step = Try(id, () => details.ObjectOrNull("run") is JsonObject run ? RunStepResult.From(run, details.Objects("objectErrors")) : throw new FormatException("an object expected in 'run'"));
            if (step != null) WriteObject(step);
            return;
        }
        foreach (var run in Runs(null, new Dictionary<string, object?>(), First ? 1 : int.MaxValue))
            if (Step(run) is RunStepResult step) WriteObject(step);
    }
}
