using System;
using Causeway.ADSync.Api;

namespace Microsoft.IdentityManagement.PowerShell.ObjectModel;

/// <summary>The switch of one password channel, which connects a pair of connectors.</summary>
public sealed class PasswordSyncConfiguration
{
    private PasswordSyncConfiguration(JsonObject json)
    {
        SourceConnector = json.Text("sourceConnector");
        TargetConnector = json.Text("targetConnector");
        Enabled = json.Flag("enabled");
    }

    public string SourceConnector { get; }

    public string TargetConnector { get; }

    public bool Enabled { get; }

    internal static PasswordSyncConfiguration From(JsonObject json) => new PasswordSyncConfiguration(json);
}

/// <summary>When the passwords of a partition were last synchronized. Times are in UTC.</summary>
public sealed class PartitionPasswordSyncState
{
    private PartitionPasswordSyncState(JsonObject json)
    {
        ConnectorId = json.Identifier("connectorId");
        ConnectorName = json.Text("connectorName");
        DN = json.Text("dn");
        PasswordSyncLastSuccessfulCycleStartTimestamp = json.TimeOrNull("passwordSyncLastSuccessfulCycleStartTimestamp");
        PasswordSyncLastSuccessfulCycleEndTimestamp = json.TimeOrNull("passwordSyncLastSuccessfulCycleEndTimestamp");
        PasswordSyncLastCycleStartTimestamp = json.TimeOrNull("passwordSyncLastCycleStartTimestamp");
        PasswordSyncLastCycleEndTimestamp = json.TimeOrNull("passwordSyncLastCycleEndTimestamp");
        PasswordSyncLastCycleStatus = json.Text("passwordSyncLastCycleStatus");
    }

    public Guid ConnectorId { get; }

    public string DN { get; }

    public DateTime? PasswordSyncLastSuccessfulCycleStartTimestamp { get; }

    public DateTime? PasswordSyncLastSuccessfulCycleEndTimestamp { get; }

    public DateTime? PasswordSyncLastCycleStartTimestamp { get; }

    public DateTime? PasswordSyncLastCycleEndTimestamp { get; }

    public string PasswordSyncLastCycleStatus { get; }

    public string ConnectorName { get; }

    internal static PartitionPasswordSyncState From(JsonObject json) => new PartitionPasswordSyncState(json);
}

/// <summary>A forced full password sync of one forest, and its progress.</summary>
public sealed class FullPasswordSync
{
    private FullPasswordSync(string connectorName, JsonObject json)
    {
        ConnectorName = connectorName;
        RequestedAt = json.Time("requestedAt");
        StartedAt = json.TimeOrNull("startedAt");
        ReadAt = json.TimeOrNull("readAt");
        CompletedAt = json.TimeOrNull("completedAt");
        Users = json.Integer("users");
        Total = json.Integer("total");
        UsersPerSecond = json.NumberOrNull("rate") is double rate ? Math.Round(rate, 1) : (double?)null;
        ExpectedAt = json.TimeOrNull("expectedAt");
        Owed = json.Integer("owed");
        WaitingFor = json.TextOrNull("waitingFor") is string reason ? ConnectClient.Plain(reason) : null;
    }

    public string ConnectorName { get; }

    public DateTime RequestedAt { get; }

    public DateTime? StartedAt { get; }

    public DateTime? ReadAt { get; }

    public DateTime? CompletedAt { get; }

    /// <summary>Users sent so far.</summary>
    public int Users { get; }

    public int Total { get; }

    public int PercentComplete => CompletedAt != null ? 100 : Total <= 0 ? 0 : (int)Math.Min(100L, Math.Max(0L, 100L * Users / Total));

    public double? UsersPerSecond { get; }

    /// <summary>When all users are expected to have been read.</summary>
    public DateTime? ExpectedAt { get; }

    /// <summary>Users whose legacy credentials wait until the managed domain's key is confirmed.</summary>
    public int Owed { get; }

    /// <summary>What it waits for; null while it makes progress or when it is done.</summary>
    public string? WaitingFor { get; }

    internal static FullPasswordSync? From(JsonObject json)
    {
        var name = json.Text("connector");
        var pass = json.ObjectOrNull("pass");
        return pass is null ? null : new FullPasswordSync(name, pass);
    }
}

/// <summary>One check of the diagnostics.</summary>
public sealed class Diagnosis
{
    private Diagnosis(JsonObject json)
    {
        Check = json.Text("check");
        Passed = json.Flag("passed");
        Found = json.Text("found");
        Action = json.TextOrNull("action");
    }

    public string Check { get; }

    public bool Passed { get; }

    public string Found { get; }

    /// <summary>What to do; null when the check passed.</summary>
    public string? Action { get; }

    internal static Diagnosis From(JsonObject json) => new Diagnosis(json);
}
