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

/// <summary>Gets what Connect did: imports, synchronizations, exports and password cycles.</summary>
/// <remarks>Gets runs, newest first. Imports, synchronizations and password cycles are a forest's, exports the tenant's. Runs that found nothing are told as one for half an hour; Looks counts them. Runs are kept for seven days, or as long as Set-ADSyncScheduler -PurgeRunHistoryInterval says. Times are in UTC.</remarks>
/// <example>
/// <code>Get-ADSyncRunProfileResult -NumberRequested 5</code>
/// <para>The last five runs.</para>
/// </example>
/// <example>
/// <code>foreach ($connector in Get-ADSyncConnector) {
///   foreach ($profile in $connector.RunProfiles) {
///     Get-ADSyncRunProfileResult -ConnectorId $connector.Identifier -RunProfileId $profile.Identifier -NumberRequested 1
///   }
/// }</code>
/// <para>The last run of each kind of each connector.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncRunProfileResult")]
[OutputType(typeof(RunProfileResult))]
public sealed class GetADSyncRunProfileResult : RunCmdlet
{
    /// <summary>The GUID of one run.</summary>
    [Parameter]
    public Guid RunHistoryId { get; set; }

    /// <summary>The GUID of a connector, whose runs are wanted.</summary>
    [Parameter]
    public Guid ConnectorId { get; set; }

    /// <summary>The connector's name instead; upper and lower case count.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    /// <summary>The GUID of a run profile, as the RunProfiles of a connector have them.</summary>
    [Parameter]
    public Guid RunProfileId { get; set; }

    /// <summary>The number of one run.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int RunNumber { get; set; }

    /// <summary>How many runs to get at most; 0 for all of them.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int NumberRequested { get; set; }

    /// <summary>Fills RunStepResults, with the objects that had an error.</summary>
    [Parameter]
    public SwitchParameter RunStepDetails { get; set; }

    /// <summary>Taken as the original does; a run has one step.</summary>
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

/// <summary>Gets what the steps of runs did.</summary>
/// <remarks>A run has one step, with the original's counters: Stage… of an import, Connector… and Disconnector… of a synchronization, Export… of an export and of a password cycle. SyncErrors names the first hundred objects that had an error.</remarks>
/// <example>
/// <code>Get-ADSyncRunProfileResult | Where-Object { $_.Result -ne 'success' } | Get-ADSyncRunStepResult</code>
/// <para>The steps of all runs that did not succeed.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncRunStepResult")]
[OutputType(typeof(RunStepResult))]
public sealed class GetADSyncRunStepResult : RunCmdlet
{
    /// <summary>The GUID of the run; every run when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    public Guid RunHistoryId { get; set; }

    /// <summary>The GUID of the step, which is that of its run.</summary>
    [Parameter]
    public Guid StepHistoryId { get; set; }

    /// <summary>Gets the first one alone.</summary>
    [Parameter]
    public SwitchParameter First { get; set; }

    /// <summary>Taken as the original does; a run has one step.</summary>
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
