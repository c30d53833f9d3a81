using System;
using System.Collections.Generic;
using System.Linq;
using Causeway.ADSync.Api;

namespace Microsoft.IdentityManagement.PowerShell.ObjectModel;

/// <summary>What a connector does in a run.</summary>
public sealed class RunProfile
{
    private RunProfile(JsonObject json, Guid connector)
    {
        Name = json.Text("name");
        Identifier = json.Identifier("identifier");
        ConnectorIdentifier = connector;
    }

    public string Name { get; }

    public Guid Identifier { get; }

    public Guid ConnectorIdentifier { get; }

    public override string ToString() => Name;

    internal static RunProfile From(JsonObject json, Guid connector) => new RunProfile(json, connector);
}

/// <summary>What one run did.</summary>
public sealed class RunProfileResult
{
    private RunProfileResult(JsonObject json, RunStepResult[] steps)
    {
        RunHistoryId = json.Identifier("runHistoryId");
        ConnectorId = json.Identifier("connectorId");
        ConnectorName = json.Text("connectorName");
        RunProfileId = json.Identifier("runProfileId");
        RunProfileName = json.Text("runProfileName");
        RunNumber = json.Integer("runNumber");
        IsRunComplete = json.Flag("isRunComplete");
        Result = json.Text("result");
        Problem = json.TextOrNull("problem");
        StartDate = json.Time("startDate");
        EndDate = json.TimeOrNull("endDate");
        SourceConnector = json.Text("sourceConnector");
        Looks = json.Integer("looks");
        RunStepResults = steps;
    }

    public Guid RunHistoryId { get; }

    /// <summary>An export belongs to the tenant's connector, any other run to a forest's.</summary>
    public Guid ConnectorId { get; }

    public string ConnectorName { get; }

    public Guid RunProfileId { get; }

    public string RunProfileName { get; }

    /// <summary>Ascending, across all connectors.</summary>
    public int RunNumber { get; }

    public bool IsRunComplete { get; }

    public string Result { get; }

    /// <summary>Why it did not start, or stopped; null if it completed.</summary>
    public string? Problem { get; }

    /// <summary>A run has one step.</summary>
    public int CurrentStepNumber => 1;

    public int TotalSteps => 1;

    /// <summary>In UTC.</summary>
    public DateTime StartDate { get; }

    /// <summary>In UTC; null while it is running.</summary>
    public DateTime? EndDate { get; }

    /// <summary>The forest's connector on whose behalf it ran.</summary>
    public string SourceConnector { get; }

    /// <summary>How many runs without a change this one stands for.</summary>
    public int Looks { get; }

    /// <summary>Filled with -RunStepDetails.</summary>
    public RunStepResult[] RunStepResults { get; }

    public override string ToString() => $"{ConnectorName}: {RunProfileName}, {Result}";

    internal static RunProfileResult From(JsonObject json, RunStepResult[] steps) => new RunProfileResult(json, steps);
}

/// <summary>What the one step of a run did, in the original's counters. Each kind of run has its own.</summary>
public sealed class RunStepResult
{
    private RunStepResult(JsonObject json, IEnumerable<JsonObject> errors)
    {
        RunHistoryId = json.Identifier("runHistoryId");
        StepResult = json.Text("result");
        StartDate = json.Time("startDate");
        EndDate = json.TimeOrNull("endDate");
        SyncErrors = errors.Select(RunStepError.From).ToArray();
        var kind = json.Text("kind");
        int Of(string counter, params string[] kinds) => kinds.Contains(kind) ? json.Integer(counter) : 0;
        StageAdd = Of("adds", "import");
        StageUpdate = Of("updates", "import");
        StageDelete = Of("deletes", "import");
        StageNoChange = Of("noChange", "import");
        StageFailure = Of("errors", "import");
        DisconnectorProjectedFlow = Of("adds", "synchronization");
        ConnectorFlow = Of("updates", "synchronization");
        ConnectorDeleteRemoveMv = Of("deletes", "synchronization");
        ConnectorNoFlow = Of("noChange", "synchronization");
        FlowFailure = Of("errors", "synchronization");
        ExportAdd = Of("adds", "export", "passwords");
        ExportUpdate = Of("updates", "export", "passwords");
        ExportDelete = Of("deletes", "export", "passwords");
        ExportFailure = Of("errors", "export", "passwords");
    }

    public Guid RunHistoryId { get; }

    /// <summary>A run has one step, with the run's identifier.</summary>
    public Guid StepHistoryId => RunHistoryId;

    public int StepNumber => 1;

    public string StepResult { get; }

    /// <summary>In UTC.</summary>
    public DateTime StartDate { get; }

    /// <summary>In UTC; null while it is running.</summary>
    public DateTime? EndDate { get; }

    public int StageAdd { get; }

    public int StageUpdate { get; }

    public int StageDelete { get; }

    public int StageNoChange { get; }

    public int StageFailure { get; }

    /// <summary>Objects that are newly synchronized.</summary>
    public int DisconnectorProjectedFlow { get; }

    /// <summary>Objects that should change at the tenant.</summary>
    public int ConnectorFlow { get; }

    /// <summary>Objects that are no longer synchronized.</summary>
    public int ConnectorDeleteRemoveMv { get; }

    public int ConnectorNoFlow { get; }

    public int FlowFailure { get; }

    public int ExportAdd { get; }

    public int ExportUpdate { get; }

    public int ExportDelete { get; }

    public int ExportFailure { get; }

    /// <summary>The first hundred objects with an error.</summary>
    public RunStepError[] SyncErrors { get; }

    internal static RunStepResult From(JsonObject run, IEnumerable<JsonObject> errors) => new RunStepResult(run, errors);
}

/// <summary>What was wrong with one object of a run.</summary>
public sealed class RunStepError
{
    private RunStepError(JsonObject json)
    {
        ObjectId = json.Text("objectId");
        DistinguishedName = json.Text("distinguishedName");
        ErrorName = json.Text("code");
        ErrorLiteral = json.Text("reason");
    }

    public string ObjectId { get; }

    public string DistinguishedName { get; }

    public string ErrorName { get; }

    public string ErrorLiteral { get; }

    public override string ToString() => $"{DistinguishedName}: {ErrorName}";

    internal static RunStepError From(JsonObject json) => new RunStepError(json);
}
